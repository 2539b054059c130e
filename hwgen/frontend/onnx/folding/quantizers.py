"""Reads the quantizing operators: what they round to, and where their codes step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_BITS
from hwgen.frontend.onnx.arithmetic.rounding import Mode, parse_mode
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import (
    Constant,
    FractionArray,
    Grid,
    aligned,
    codes_of,
    integers,
    whole_number,
)
from hwgen.numeric import IntArray, IntType, Range

Inputs = Sequence[Constant | None]

MOST_CODE = 1 << 40
MOST_CONSTANT_BITS = 32  # of quantized weights and biases


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uniform:
    """Rounds `value / scale + zero` to codes in [lo, hi]; a bipolar one gives -1 or 1.

    `scale` and `zero` broadcast against the tensor. The result is `(code - zero) * scale`. Where
    `keeps_codes` it is the code itself (QuantizeLinear), and the zero point is added behind the
    rounding: half to even is another code then at ties, where the zero point is odd.
    """

    scale: FractionArray
    zero: IntArray
    lo: int
    hi: int
    mode: Mode = Mode.half_even
    bipolar: bool = False
    keeps_codes: bool = False

    @property
    def type(self) -> IntType:
        """The narrowest type of the codes."""
        bits = max(self.hi.bit_length(), (~self.lo if self.lo < 0 else 0).bit_length())
        return IntType(bits=max(bits + (self.lo < 0), 1), signed=self.lo < 0)


def uniform(node: Node, inputs: Inputs, rank: int) -> Uniform:
    """Read Quant, IntQuant, BipolarQuant or QuantizeLinear.

    Parameters
    ----------
    inputs
        Its constants, the first, which it rounds, among them or None.
    rank
        Axes of what it rounds.

    Raises
    ------
    ModelError
        Where it does not say what to round to.
    """
    match node.op:
        case "BipolarQuant":
            scale = _scale(inputs, 1)
            return Uniform(scale=scale, zero=np.zeros((), np.int64), lo=-1, hi=1, bipolar=True)
        case "QuantizeLinear":
            return linear(node, inputs, rank)
        case _:
            return _quant(node, inputs)


def _quant(node: Node, inputs: Inputs) -> Uniform:
    scale, zero = _scale(inputs, 1), _zero(inputs, 2)
    for name in ("signed", "narrow"):
        if name not in node.attributes:
            raise ModelError(f"must have the attribute {name}; export the model again")
    signed, narrow = (bool(attributes.integer(node, name)) for name in ("signed", "narrow"))
    bits = bit_width(inputs[3] if len(inputs) > 3 else None)
    mode = rounding_mode(node, "ROUND")
    lo = -(1 << (bits - 1)) + narrow if signed else 0
    hi = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
    if bits == 1 and signed:
        return Uniform(scale=scale, zero=zero, lo=-1, hi=1, bipolar=True)
    if lo >= hi:
        raise ModelError(f"must have two codes at least, not {hi - lo + 1}; use more bits")
    if zero.size and not lo <= int(zero.min()) <= int(zero.max()) <= hi:
        raise ModelError(f"zero point must be a code, {lo} to {hi}, not {int(zero.max())}")
    return Uniform(scale=scale, zero=zero, lo=lo, hi=hi, mode=mode)


def linear(node: Node, inputs: Inputs, rank: int) -> Uniform:
    """Read scale and zero point of QuantizeLinear or DequantizeLinear, aligned to their axis."""
    if node.attributes.get("block_size", 0):
        raise ModelError("block_size must be 0 (no block quantization); quantize by channel")
    scale = _scale(inputs, 1)
    stored = inputs[2] if len(inputs) > 2 else None
    kind = np.dtype(np.uint8) if stored is None else stored.array.dtype
    if kind.kind not in "iu":
        raise ModelError(f"zero point must be an integer, not {kind}; minifloat is refused")
    zero = np.zeros(scale.shape, np.int64) if stored is None else _zero(inputs, 2)
    axis = attributes.integer(node, "axis", 1)
    if scale.size > 1:
        if scale.ndim != 1 or not -rank <= axis < rank:
            raise ModelError(f"axis must be one of the {rank} of the tensor, not {axis}")
        if zero.size not in (1, scale.size):
            raise ModelError(f"zero point must have 1 or {scale.size} elements, not {zero.size}")
        shape = [1] * rank
        shape[axis] = scale.size
        scale = scale.reshape(shape)
        zero = np.broadcast_to(zero.ravel(), (scale.size,)).reshape(shape)
    else:
        scale, zero = scale.reshape(()), zero.reshape(-1)[:1].reshape(())
    limits = np.iinfo(kind)
    return Uniform(scale=scale, zero=zero, lo=int(limits.min), hi=int(limits.max), keeps_codes=True)


def rounding_mode(node: Node, default: str) -> Mode:
    """Give the rounding mode of a node."""
    name = attributes.text(node, "rounding_mode", default)
    mode = parse_mode(name)
    if mode is None:
        raise ModelError(
            f"rounding_mode must be one of ROUND, {', '.join(list(Mode)[1:])}, not {name!r}"
        )
    return mode


def bit_width(constant: Constant | None, most: int = MOST_CONSTANT_BITS) -> int:
    """Give a bit width."""
    bits = None if constant is None else whole_number(constant)
    if bits is None:
        given = "computed from the data" if constant is None else f"{constant.array.ravel()[:3]}"
        raise ModelError(f"bit width must be an integer, not {given}; export the model again")
    if not 1 <= bits <= most:
        raise ModelError(f"bit width must be 1 to {most}, not {bits}; quantize to fewer bits")
    return bits


def _scale(inputs: Inputs, index: int) -> FractionArray:
    return scale_of(inputs[index] if index < len(inputs) else None)


def scale_of(constant: Constant | None) -> FractionArray:
    """Give the scale of a quantizer, which must be positive."""
    if constant is None:
        raise ModelError(
            "scale must be constant, not computed from the data (dynamic quantization); "
            "use static quantization"
        )
    array = constant.array
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all() or (array <= 0).any():
        worst = array.ravel()[:1] if array.dtype.kind not in "fiu" else array.min()
        raise ModelError(f"scale must be positive and finite, not {worst}; export it again")
    return constant.rationals()


def _zero(inputs: Inputs, index: int) -> IntArray:
    constant = inputs[index] if index < len(inputs) else None
    if constant is None:
        raise ModelError(
            "zero point must be constant, not computed from the data (dynamic quantization); "
            "use static quantization"
        )
    found = integers(constant.array)
    if found is None or (found.size and int(np.abs(found).max()) >= 1 << 31):
        raise ModelError("zero point must be a whole number; export the model again")
    return found


def quantized(spec: Uniform, array: np.ndarray) -> Constant:
    """Quantize a constant: its codes and scale, or the codes alone where the operator says so."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError("a constant must be finite; train the model again")
    check_fits(spec, array.shape)
    scale, zero = aligned(spec.scale, array.ndim), spec.zero
    if spec.bipolar:
        bounds = np.asarray(-zero * spec.scale, object).astype(np.float64)
        exact = np.asarray(array.astype(np.float64) >= bounds)
        codes = np.where(exact, 1, -1).astype(np.int64)
    elif spec.keeps_codes:  # the zero point is added behind the rounding
        codes = codes_of(array, spec.scale, 0, spec.mode, -MOST_CODE, MOST_CODE)
        return Constant(np.clip(codes + zero, spec.lo, spec.hi))
    else:
        codes = codes_of(array, spec.scale, zero, spec.mode, spec.lo, spec.hi)
    values = (codes - zero) * spec.scale.astype(np.float64)
    grid = Grid(np.asarray(codes - zero, np.int64), scale, _declared(spec))
    return Constant(values.astype(np.float32), grid)


def _declared(spec: Uniform) -> Range | None:
    """Give the codes of a quantizer without its zero point; None where that varies."""
    zeros = np.unique(spec.zero)
    if spec.bipolar:
        return Range(-1, 1)
    return Range(spec.lo - int(zeros[0]), spec.hi - int(zeros[0])) if zeros.size == 1 else None


def check_fits(spec: Uniform, shape: tuple[int, ...]) -> None:
    """Refuse a scale or a zero point that does not suit the tensor's shape."""
    try:
        whole = np.broadcast_shapes(shape, spec.scale.shape, spec.zero.shape)
    except ValueError:
        whole = ()
    if whole != shape:
        raise ModelError(
            f"scale and zero point must suit the shape {shape}, not {spec.scale.shape} and "
            f"{spec.zero.shape}; export the model again"
        )


def dequantized(node: Node, inputs: Inputs) -> Constant:
    """Give DequantizeLinear of a constant."""
    stored = inputs[0]
    assert stored is not None
    codes = integers(stored.array)
    if codes is None or stored.array.dtype.kind not in "iu":
        raise ModelError("must read integers, as QuantizeLinear gives them; export it again")
    spec = linear(node, [stored, *inputs[1:]], codes.ndim)
    check_fits(spec, codes.shape)
    centred = np.asarray(codes - spec.zero, np.int64)
    values = centred * spec.scale.astype(np.float64)
    if stored.clipped is not None:
        lo, hi = max(spec.lo, stored.clipped.lo), min(spec.hi, stored.clipped.hi)
        spec = replace(spec, lo=lo, hi=hi) if lo < hi else spec
    grid = Grid(centred, aligned(spec.scale, codes.ndim), _declared(spec))
    return Constant(values.astype(np.float32), grid)


def activation_type(spec: Uniform) -> IntType:
    """Give the type of an activation's codes, which must be narrow enough for thresholds."""
    kind = replace(spec, lo=0, hi=1).type if spec.bipolar else spec.type
    if kind.bits > MAX_BITS:
        raise ModelError(
            f"activations must have at most {MAX_BITS} bits, not {kind.bits}; quantize to fewer"
        )
    return kind
