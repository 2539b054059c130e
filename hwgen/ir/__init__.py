"""The integer network: a directed acyclic graph of typed operations, validated when built.

After this package there is no float and no torch: scales, batch normalization and activation have
become integer thresholds. To add an operation, write its dataclass in `weighted.py` or `ops.py`,
add it to `Op`, and let the type checker name every `match` that has to learn it.
"""

from hwgen.ir.accumulator import MAX_ACCUMULATOR_BITS, Accumulator
from hwgen.ir.dequantization import Dequantization
from hwgen.ir.graph import Graph, Input, Samples
from hwgen.ir.ops import (
    Add,
    Argmax,
    Concat,
    Flatten,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Tensor,
    Threshold,
    UpsampleNearest,
    operation_name,
)
from hwgen.ir.weighted import Conv2d, Dense, Weighted

__all__ = [
    "MAX_ACCUMULATOR_BITS",
    "Accumulator",
    "Add",
    "Argmax",
    "Concat",
    "Conv2d",
    "Dense",
    "Dequantization",
    "Flatten",
    "Graph",
    "Input",
    "MaxPool2d",
    "Op",
    "PixelShuffle",
    "Samples",
    "SumPool2d",
    "Tensor",
    "Threshold",
    "UpsampleNearest",
    "Weighted",
    "operation_name",
]
