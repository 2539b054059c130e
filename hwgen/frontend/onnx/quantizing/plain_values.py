"""Makes plain integers of a value that waits behind functions, for what must add them up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_BITS
from hwgen.frontend.onnx.arithmetic.functions import Affine, Bounds, Clip, Run
from hwgen.frontend.onnx.quantizing.activations import Staircase, Step, quantize
from hwgen.frontend.onnx.quantizing.thresholds import unit_steps
from hwgen.frontend.onnx.tensors.value import ZERO, Channel, Value, one_if_equal
from hwgen.frontend.onnx.tensors.walk import Walk
from hwgen.numeric import Range


def plain(walk: Walk, value: Value) -> Value:
    """Give the value as scale times integer plus offset, with a node that cuts integers off.

    Raises
    ------
    ModelError
        Where its functions are others than a clip at whole integers.
    """
    if value.node is None:
        raise no_quantizer(walk)
    if value.is_plain:
        return value
    limits = walk.limits(value)
    parts = [_cut(channel, limits) for channel in value.channels]
    lo = min(part[0] for part in parts)
    hi = max(part[1] for part in parts)
    if hi - lo >= 1 << MAX_BITS:
        raise ModelError(
            "must read a quantizer; put one behind the activation, whose sums are too wide to cut"
        )
    if lo == hi:
        raise ModelError("must read what depends on the input, not one constant; remove the node")
    steps = tuple(
        Step(bounds=_pieces(cut, lo, hi), means=Channel()) for cut in (p[:2] for p in parts)
    )
    bare = replace(value, channels=(Channel(),))
    stairs = Staircase(
        steps=one_step_if_equal(steps), lo=lo, type=Range(min(lo, 0), max(hi, 0)).type
    )
    made = quantize(walk, bare, stairs, "", "_cut")
    walk.quantizers.pop()
    return replace(made, channels=one_if_equal(part[2] for part in parts))


def one_step_if_equal(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Give one step function where all are equal."""
    return steps[:1] if all(step == steps[0] for step in steps) else steps


def _pieces(cut: tuple[int, int], lo: int, hi: int) -> Bounds:
    """Give the bounds of codes lo + 1 to hi of an integer that is cut to less than that."""
    inner = unit_steps(*cut).runs if cut[1] > cut[0] else ()
    return Bounds(cut[0] - lo, tuple(run for run in inner if run.count), hi - cut[1])


def _cut(channel: Channel, limits: Range) -> tuple[int, int, Channel]:
    """Give the integers to which a channel is cut, and what they stand for then."""
    lo, hi = limits.lo, limits.hi
    bare = Channel(channel.scale, channel.offset)
    for function in channel.functions:
        match function:
            case Clip() if not bare.functions and bare.scale:
                ends = []
                for bound, last in ((function.lo, lo), (function.hi, hi)):
                    place = None if bound is None else (bound - bare.offset) / bare.scale
                    ends.append(Fraction(last) if place is None else place)
                low, high = ends if bare.scale > 0 else ends[::-1]
                if bare.scale < 0:
                    low = Fraction(lo) if function.hi is None else low
                    high = Fraction(hi) if function.lo is None else high
                low, high = max(low, Fraction(lo)), min(high, Fraction(hi))
                if low.denominator != 1 or high.denominator != 1 or low > high:
                    raise _not_whole()
                lo, hi = int(low), int(high)
            case Affine():
                bare = bare.then(function)
            case _:
                raise _not_whole()
    return lo, hi, bare


def _not_whole() -> ModelError:
    return ModelError(
        "must read a quantizer, not the values of an activation function; put one behind it"
    )


def no_quantizer(walk: Walk) -> ModelError:
    """Say that the input has no quantizer before its first layer."""
    name = walk.file.inputs[0].name if walk.file.inputs else "input"
    return ModelError(
        f"input {name} must have a quantizer before this node, and has none; "
        "give its integers, such as --input u8 --input-scale 1/255"
    )


def common_unit(numbers: list[Fraction]) -> Fraction:
    """Give the largest rational of which all are whole multiples; 0 where all are 0."""
    top, bottom = 0, 1
    for number in numbers:
        if number:
            top, bottom = gcd(top, number.numerator), lcm(bottom, number.denominator)
    return Fraction(top, bottom)


def zero_code(value: Value, real: Fraction) -> Fraction | None:
    """Give the integer, perhaps between two, that stands for a real number in all channels."""
    found = {
        (real - channel.offset) / channel.scale if channel.scale else None
        for channel in value.channels
    }
    return found.pop() if len(found) == 1 else None


def doubled(walk: Walk, value: Value) -> Value:
    """Give codes that are two apart in place of two codes side by side, 0 between them."""
    limits = walk.limits(value)
    step = Run(Fraction(limits.hi), ZERO, 1, (False, False))
    stairs = Staircase(
        steps=(Step(bounds=Bounds(0, (step, step), 0), means=Channel()),),
        lo=-1,
        type=Range(-2, 1).type,
    )
    bare = replace(value, channels=(Channel(),))
    made = quantize(walk, bare, stairs, "", "_signs")
    walk.quantizers.pop()
    middle = Fraction(limits.lo + limits.hi, 2)
    channels = one_if_equal(
        Channel(c.scale / 2, c.scale * middle + c.offset) for c in value.channels
    )
    return replace(made, channels=channels)
