"""Training of quantized networks in PyTorch, and their export; the part of hwgen that needs torch.

A network is made of the `Quant...` modules and `Concat` below and of torch's `BatchNorm1d`,
`BatchNorm2d`, `MaxPool2d`, `Upsample` (nearest), `PixelShuffle`, `Flatten`, `Dropout` and
`Identity`, trained as any other with `penalty(model)` added to its loss, turned into integers by
`export_graph` and written by `save_model`. `export_brevitas` writes a Brevitas model as QONNX.
"""

from hwgen.nn.activation import QuantActivation, QuantInput, QuantOutput
from hwgen.nn.brevitas_export import export_brevitas
from hwgen.nn.conv import QuantConv2d
from hwgen.nn.export import export_graph
from hwgen.nn.joining import Concat, QuantAdd
from hwgen.nn.linear import QuantLinear
from hwgen.nn.model_file import load_model, save_model
from hwgen.nn.penalty import penalty, repairs
from hwgen.nn.pooling import QuantAvgPool2d
from hwgen.nn.weight_quant import WeightQuant

__all__ = [
    "Concat",
    "QuantActivation",
    "QuantAdd",
    "QuantAvgPool2d",
    "QuantConv2d",
    "QuantInput",
    "QuantLinear",
    "QuantOutput",
    "WeightQuant",
    "export_brevitas",
    "export_graph",
    "load_model",
    "penalty",
    "repairs",
    "save_model",
]
