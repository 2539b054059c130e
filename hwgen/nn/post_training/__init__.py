"""Quantization of a trained float network without training it again.

`quantize_after_training` fits a quantized network to its float form on a few inputs, which
`distilled_inputs` makes where there are no data; `start_fitted` starts a training from there.
"""

from hwgen.nn.post_training.distill import distilled_inputs
from hwgen.nn.post_training.layer_fit import fit_layer, project_layer
from hwgen.nn.post_training.network_fit import quantize_after_training, start_fitted

__all__ = [
    "distilled_inputs",
    "fit_layer",
    "project_layer",
    "quantize_after_training",
    "start_fitted",
]
