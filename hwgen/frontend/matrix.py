"""A single integer matrix as a network: `hwgen build weights.npy --input u4`."""

from __future__ import annotations

import zlib
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_INPUT_BITS
from hwgen.ir import Accumulator, Dense, Graph, Input
from hwgen.json_file import open_regular, why_unread
from hwgen.numeric import IntArray, IntType, signed_bits

MAX_WEIGHT_BITS = 32

# what numpy.load raises for damaged and for hostile files, whose header may claim any shape
UNREADABLE = (
    *(OSError, ValueError, EOFError, ArithmeticError, MemoryError, RecursionError, SyntaxError),
    *(TypeError, LookupError, NotImplementedError, TokenError, BadZipFile, zlib.error),
)


def load_matrix(path: Path, inputs: IntType) -> Graph:
    """Read the network `y = W x` of a `.npy` file that holds W, shape (out_features, in_features).

    Raises
    ------
    ModelError
        Where the file is not a readable, finite, integer-valued matrix.
    """
    try:
        with open_regular(path) as file:
            weight = np.load(file, allow_pickle=False)
    except UNREADABLE as error:
        raise ModelError(
            f"{path}: must be a .npy file with an integer matrix ({why_unread(error)}); "
            "write it with numpy.save"
        ) from None
    if not isinstance(weight, np.ndarray) or weight.ndim != 2 or 0 in weight.shape:
        shape = getattr(weight, "shape", "several arrays")
        raise ModelError(
            f"{path}: must be a matrix (out_features, in_features) with at least one element, "
            f"not {shape}"
        )
    return matrix_graph(path.stem, _as_integers(weight, path), inputs)


def matrix_graph(name: str, weight: IntArray, inputs: IntType) -> Graph:
    """Make the network `y = W x` with exact signed accumulators."""
    if inputs.bits > MAX_INPUT_BITS:
        raise ModelError(f"{name}: input must have 1 to {MAX_INPUT_BITS} bits, not {inputs}")
    bits = signed_bits(int(weight.min()), int(weight.max()))
    dense = Dense(
        name="dense",
        inputs=("input",),
        weight=weight,
        weight_bits=bits,
        bias=np.zeros(len(weight), np.int64),
        accumulators=(),
    )
    totals = dense.totals(inputs.range)
    dense = Dense(
        name=dense.name,
        inputs=dense.inputs,
        weight=weight,
        weight_bits=bits,
        bias=dense.bias,
        accumulators=tuple(Accumulator.exact(total, 1, "signed") for total in totals),
    )
    shape = (weight.shape[1],)
    return Graph(name=name, input=Input(shape=shape, type=inputs), nodes=(dense,), output="dense")


def _as_integers(weight: np.ndarray, path: Path) -> IntArray:
    if weight.dtype.kind == "f":
        if not np.isfinite(weight).all() or (weight != np.round(weight)).any():
            raise ModelError(
                f"{path}: every weight must be a finite integer; round the matrix before saving it"
            )
    elif weight.dtype.kind not in "iub":
        raise ModelError(f"{path}: weights must be integers, not {weight.dtype}")
    limit = 1 << (MAX_WEIGHT_BITS - 1)
    smallest, largest = weight.min().item(), weight.max().item()  # the limit overflows a float16
    if not -limit <= smallest <= largest < limit:
        raise ModelError(
            f"{path}: weights must fit {MAX_WEIGHT_BITS} bits, "
            f"not reach from {smallest} to {largest}"
        )
    return weight.astype(np.int64)
