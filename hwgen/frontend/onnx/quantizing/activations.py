"""Turns a quantizer of activations into thresholds on the integers in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_BITS
from hwgen.frontend.onnx.arithmetic.functions import Bounds, Run
from hwgen.frontend.onnx.arithmetic.rounding import Mode, first_at_least, least
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.frontend.onnx.folding.constants import Constant, integers
from hwgen.frontend.onnx.folding.quantizers import (
    Uniform,
    activation_type,
    bit_width,
    rounding_mode,
    scale_of,
)
from hwgen.frontend.onnx.quantizing.thresholds import Row, UncertainError, row_of, uniform_bounds
from hwgen.frontend.onnx.tensors.value import ZERO, Channel, Channels, Value, one_if_equal
from hwgen.frontend.onnx.tensors.walk import Quantized, Walk
from hwgen.ir import Threshold
from hwgen.numeric import IntType, Range

MOST_THRESHOLDS = 1 << 24  # of a node, all channels together


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A quantizer of one channel: `lo` plus the bounds reached is the code, `means` its value.

    Where the file's tensor is the code itself (QuantizeLinear), `grid` is what it stands for.
    """

    bounds: Bounds
    means: Channel
    grid: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircase:
    """A quantizer: one step function for all channels or one each, codes from `lo` on.

    The file's own code is `factor * code + shift`.
    """

    steps: tuple[Step, ...]
    lo: int
    type: IntType
    factor: int = 1
    shift: int = 0


def uniform_staircase(walk: Walk, value: Value, spec: Uniform) -> tuple[Value, Staircase]:
    """Give the steps of a uniform quantizer, with the value as a vector where it needs one."""
    kind = activation_type(spec)
    scales, zeros = np.broadcast_arrays(spec.scale, spec.zero)
    pairs = list(zip(scales.ravel().tolist(), zeros.ravel().tolist(), strict=True))
    places = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
    ids = np.array([places[pair] for pair in pairs]).reshape(scales.shape)
    if len(places) == 1:
        ids = ids.ravel()[:1]
    value, found = walk.per_channel(value, ids)
    known = [_uniform_step(spec, Fraction(scale), int(zero)) for scale, zero in places]
    steps = tuple(known[int(ids.ravel()[place])] for place in found)
    if spec.bipolar:
        return value, Staircase(steps=steps, lo=0, type=kind, factor=2, shift=-1)
    return value, Staircase(steps=steps, lo=spec.lo, type=kind)


def _uniform_step(spec: Uniform, scale: Fraction, zero: int) -> Step:
    if spec.bipolar:
        bounds = Bounds(0, (Run(-zero * scale, ZERO, 1, (False, False)),), 0)
        return Step(bounds=bounds, means=Channel(2 * scale, (-1 - zero) * scale))
    if spec.keeps_codes:  # rounds first and adds the zero point then: another tie where that is odd
        bounds = uniform_bounds(spec.mode, spec.lo - zero, spec.hi - zero, scale, 0)
        return Step(bounds=bounds, means=Channel(), grid=Channel(scale, -zero * scale))
    bounds = uniform_bounds(spec.mode, spec.lo, spec.hi, scale, zero)
    return Step(bounds=bounds, means=Channel(scale, -zero * scale))


def multi_threshold(
    walk: Walk, node: Node, value: Value, table: Constant | None
) -> tuple[Value, Staircase]:
    """Read FINN's MultiThreshold: `out_bias + out_scale * (thresholds that x reaches)`."""
    if table is None or table.array.ndim != 2 or 0 in table.array.shape:
        raise ModelError("thresholds must be a constant matrix (channels, steps); export it again")
    rows, steps = table.array.shape
    if not 1 <= steps < 1 << MAX_BITS:
        raise ModelError(f"thresholds must be 1 to {(1 << MAX_BITS) - 1} steps, not {steps}")
    exact = np.sort(table.array, axis=1)
    if not np.isfinite(exact).all():
        raise ModelError("thresholds must be finite; export the model again")
    axes = value.where.ndim
    layout = attributes.text(node, "data_layout", "")
    axis = layout.find("C") if "C" in layout else (axes - 1 if axes == 3 else 1)
    if not 0 <= axis < axes:
        raise ModelError(f"data_layout must name an axis of the tensor, not {layout!r}")
    ids = np.arange(rows).reshape([rows if i == axis else 1 for i in range(axes)])
    value, found = walk.per_channel(value, ids)
    scale = Fraction(attributes.number(node, "out_scale", 1.0))
    bias = Fraction(attributes.number(node, "out_bias", 0.0))
    if scale <= 0:
        raise ModelError(f"out_scale must be positive, not {float(scale)}; export the model again")
    start = bias / scale
    lo = int(start) if start.denominator == 1 and abs(start) < 1 << MAX_BITS else 0
    means = Channel(scale, bias - lo * scale)
    single = [
        Bounds(0, tuple(Run(Fraction(t), ZERO, 1, (False, False)) for t in row), 0)
        for row in exact.tolist()
    ]
    whole = Range(min(lo, 0), max(lo + steps, 0))
    kind = whole.type
    steps_of = tuple(Step(bounds=single[place], means=means) for place in found)
    return value, Staircase(steps=steps_of, lo=lo, type=kind, shift=-lo)


def trunc(node: Node, value: Value, inputs: Sequence[Constant | None], limits: Range) -> Staircase:
    """Read Trunc in its old form (five inputs) or its new one (six).

    It rounds twice, half to even to the grid of its input and then, with the node's own mode, what
    it divides that by: code k or more is an integer N or more on the first grid.
    """
    scale, zero = scale_of(inputs[1]), None
    zero = integers(inputs[2].array) if inputs[2] is not None else None
    if scale.size != 1 or zero is None or zero.size != 1:
        raise ModelError("scale and zero point must be one constant; export the model again")
    unit, offset = Fraction(scale.ravel()[0]), int(zero.ravel()[0])
    mode = rounding_mode(node, "FLOOR")
    if len(node.inputs) == 5:
        shift = bit_width(inputs[3]) - bit_width(inputs[4])
        if shift < 0:
            raise ModelError("output must have at most the bits of the input; export it again")
        ends = [value.channel(i).real(q) for i in range(len(value.channels)) for q in _ends(limits)]
        divisor = 1 << shift
        lo = int(min(ends) / unit) // divisor - 1 + min(offset, 0)
        hi = int(max(ends) / unit) // divisor + 2 + max(offset, 0)
        lo, hi = min(lo, 0), max(hi, 0)
        means = Channel(unit, -offset * unit)
    else:
        result = scale_of(inputs[4])
        if result.size != 1:
            raise ModelError("output scale must be one constant; export the model again")
        out = Fraction(result.ravel()[0])
        divisor = _power_of_two(out / unit)
        bits = bit_width(inputs[5], MAX_BITS)
        signed = bool(attributes.integer(node, "signed", 1))
        narrow = bool(attributes.integer(node, "narrow", 0))
        lo = -(1 << (bits - 1)) + narrow if signed else 0
        hi = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
        means = Channel(out, -Fraction(offset, divisor) * out)
    if not 1 <= hi - lo < 1 << MAX_BITS:
        raise ModelError(f"must have codes of at most {MAX_BITS} bits; quantize to fewer")
    runs = []
    for k in range(lo + 1, hi + 1):
        bound, strict = least(mode, k)
        first = first_at_least(bound * divisor, strict)
        place, above = least(Mode.half_even, first)
        runs.append(Run((place - offset) * unit, ZERO, 1, (above, above)))
    step = Step(bounds=Bounds(0, tuple(runs), 0), means=means)
    return Staircase(steps=(step,), lo=lo, type=Range(lo, hi).type)


def _ends(limits: Range) -> tuple[int, int]:
    return limits.lo, limits.hi


def _power_of_two(ratio: Fraction) -> int:
    """Give 2 ** round(log2(ratio)), at least 1."""
    power = 1
    while Fraction(power * power * 2) <= ratio * ratio:  # ratio at least power * sqrt(2)
        power *= 2
    if ratio * ratio * 2 < 1 or power > 1 << 32:
        raise ModelError("output scale must be 1 to 2**32 times the input's; export it again")
    return power


def quantize(walk: Walk, value: Value, stairs: Staircase, tensor: str, kind: str = "") -> Value:
    """Append the thresholds of a quantizer.

    Raises
    ------
    ModelError
        Where there are too many of them.
    """
    if value.pad is not None:
        raise ModelError("Pad must stand in front of a convolution or pooling; move it there")
    limits = walk.limits(value)
    count = max(len(value.channels), len(stairs.steps))
    if count * stairs.steps[0].bounds.count > MOST_THRESHOLDS:
        raise ModelError(f"must have at most {MOST_THRESHOLDS} thresholds; quantize to fewer bits")
    rows: list[Row] = []
    known: dict[tuple[Channel, Step], Row] = {}
    for index in range(count):
        pair = value.channel(index), stairs.steps[index if len(stairs.steps) > 1 else 0]
        if pair not in known:
            try:
                known[pair] = row_of(pair[0], pair[1].bounds, limits)
            except UncertainError:
                raise ModelError(
                    "must step where its input surely is or surely is not; use fewer functions"
                ) from None
        rows.append(known[pair])
    if any(row.sign < 0 for row in rows):
        value = walk.scaled_rows(value, [row.sign for row in rows])
        turned = (
            replace(value.channel(index), scale=value.channel(index).scale * row.sign)
            for index, row in enumerate(rows)
        )
        value = replace(value, channels=one_if_equal(turned))
        limits = walk.limits(value)
    return _append(walk, value, stairs, rows, (tensor, kind))


def _append(
    walk: Walk, value: Value, stairs: Staircase, rows: list[Row], names: tuple[str, str]
) -> Value:
    assert value.node is not None
    if all(row == rows[0] for row in rows):
        rows = rows[:1]
    always = (walk.limits(value).lo,) * (stairs.lo - stairs.type.lo)
    table = np.array([always + row.thresholds for row in rows], np.int64)
    tensor, kind = names
    name = walk.name(kind)
    node = Threshold(name=name, inputs=(value.node,), thresholds=table, output=stairs.type)
    walk.add(node, value)
    if value.node in walk.like_input:
        walk.like_input.add(name)
    channels = one_if_equal(step.means for step in stairs.steps)
    made = replace(value, node=name, channels=channels, shared=False, trail=())
    note_quantizer(walk, made, stairs, tensor, value.channels)
    return made


def note_quantizer(
    walk: Walk, made: Value, stairs: Staircase, tensor: str, before: Channels | None
) -> None:
    """Remember where the codes of a quantizer of the file are."""
    assert made.node is not None
    walk.quantizers.append(
        Quantized(
            tensor=tensor,
            node=made.node,
            where=made.where,
            factor=stairs.factor,
            shift=stairs.shift,
            value=made,
            grid=one_if_equal(step.grid or step.means for step in stairs.steps),
            before=before,
            bounds=tuple(step.bounds for step in stairs.steps),
            lo=stairs.lo,
        )
    )


def scalar(constant: Constant | None, default: Fraction | None) -> Fraction | None:
    """Give the number of a constant of one element, or the default where there is none."""
    if constant is None:
        return default
    if constant.array.size != 1:
        raise ModelError("must be one number; export the model again")
    return Fraction(constant.rationals().reshape(-1)[0])
