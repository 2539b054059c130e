"""A Brevitas model as QONNX with the weights that its quantizers make.

Brevitas 0.12.1 and 0.13.4 write raw weights beside `rounding_mode = ROUND`, whatever the quantizer
is. Of quantizers that do not round the raw weight to the nearest step (A2Q, A2Q+, rounding towards
zero, learned rounding) such a file is another function than the trained network.
"""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwgen.errors import ModelError, ToolError
from hwgen.files import as_path, check_file, write_beside
from hwgen.frontend.replacement import Replacement


def export_brevitas(model: nn.Module, example: Tensor, path: Path | str) -> Path:
    """Write a Brevitas model as a QONNX file that is the trained network.

    Parameters
    ----------
    model
        A model of `brevitas.nn` layers; it stays as it is.
    example
        One input, with its batch axis.
    path
        The file to write, `.onnx`.

    Raises
    ------
    ModelError
        Where a layer's weights are not found in what Brevitas wrote.
    ToolError
        Where Brevitas or onnxoptimizer is not installed.
    """
    from hwgen.frontend.onnx.writing.weights_file import replace_weights

    path = as_path(path)
    if path.suffix != ".onnx":
        raise ModelError(f"{path}: must end in .onnx, not {path.suffix!r}; name it so")
    check_file(path)
    own = copy.deepcopy(model).eval()
    layers = quantized_weights(own, example)
    with write_beside(path) as partial:
        _export(own, example, partial)
        replace_weights(partial, layers, path.name)
    return path


def quantized_weights(model: nn.Module, example: Tensor) -> dict[str, Replacement]:
    """Give the raw and the quantized weights of every layer, by its path.

    The quantizers of A2Q ask for the type of the layer's input, which a forward pass tells them.
    """
    for module in model.modules():
        own: Any = module  # whose attribute is Brevitas' own
        if hasattr(own, "cache_inference_quant_act"):
            own.cache_inference_quant_act = True
    found = {}
    with torch.no_grad():
        model(example)
        for name, module in model.named_modules():
            proxy = getattr(module, "weight_quant", None)
            if getattr(proxy, "is_quant_enabled", False):
                raw, quantized = module.weight, module.quant_weight().value
                found[name] = Replacement(_array(raw), _array(quantized))
    if not found:
        raise ModelError("model: must have layers of brevitas.nn with quantized weights; add some")
    return found


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().astype(np.float32)


def _export(model: nn.Module, example: Tensor, path: Path) -> None:
    try:
        from brevitas.export import export_qonnx
    except ImportError:
        raise ToolError(
            "brevitas: must be installed to export its models; run pip install brevitas"
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of the exporter that Brevitas needs
            export_qonnx(model, args=example, export_path=str(path), dynamo=False)
    except ModuleNotFoundError:
        raise ToolError(
            "onnxoptimizer: must be installed, which Brevitas exports with; "
            "run pip install onnxoptimizer"
        ) from None
