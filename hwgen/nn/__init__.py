"""Training of quantized networks in PyTorch, and their export; the part of hwgen that needs torch.

A network is made of `QuantInput`, `QuantLinear`, `QuantActivation`, `nn.BatchNorm1d` and
`nn.Flatten`, trained as any other with `penalty(model)` added to its loss, turned into integers by
`export_graph` and written by `save_model`.
"""

from hwgen.nn.activation import QuantActivation, QuantInput
from hwgen.nn.export import export_graph
from hwgen.nn.linear import QuantLinear, penalty, repairs
from hwgen.nn.model_file import load_model, save_model
from hwgen.nn.weight_quant import WeightQuant

__all__ = [
    "QuantActivation",
    "QuantInput",
    "QuantLinear",
    "WeightQuant",
    "export_graph",
    "load_model",
    "penalty",
    "repairs",
    "save_model",
]
