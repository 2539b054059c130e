"""Where hardware begins: at integers that the user or the file names, or at the first quantizer."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.fields import MAX_INPUT_BITS
from hwgen.frontend.onnx.arithmetic.functions import Affine, Clip
from hwgen.frontend.onnx.arithmetic.roots import FIRST_DIGITS
from hwgen.frontend.onnx.file.load import File, Port, shown
from hwgen.frontend.onnx.quantizing.activations import Staircase, note_quantizer
from hwgen.frontend.onnx.tensors.value import Channel, Value, whole_map
from hwgen.frontend.onnx.tensors.walk import MOST_ELEMENTS, Begin, Walk
from hwgen.ir import Tensor
from hwgen.numeric import IntArray, IntType, Range

ANNOTATED = re.compile(r"(U?)INT([1-9][0-9]?)")


def start(
    walk: Walk, inputs: IntType | None, scale: Fraction | None, places: IntArray | None
) -> None:
    """Give the file's input its value.

    Parameters
    ----------
    inputs, scale
        The integers that the stream carries and what one of them stands for, where the user says.
    places
        The order in which the network has the input's elements, (channels, rows, columns), where
        that is known not to be the file's.

    Raises
    ------
    ModelError
        Where the file has not one input of known sizes.
    """
    port = _the_input(walk.file)
    shape = _file_shape(walk.file, port)
    where, own = whole_map(shape), _network_shape(shape)
    if places is not None:
        order = np.empty(places.size, np.int64)
        order[places.ravel()] = np.arange(places.size)
        where, own = order.reshape(shape), tuple(places.shape)
        walk.is_settled = True
    value = Value(node=None, shape=own, where=where, channels=(Channel(),))
    kind = inputs or _own_type(walk.file, port)
    if kind is not None:
        if kind.bits > MAX_INPUT_BITS:
            raise ModelError(f"--input must have 1 to {MAX_INPUT_BITS} bits, not {kind}")
        means = (Channel(Fraction(1) if scale is None else scale),)
        walk.begin = Begin(type=kind, lo=kind.lo, means=means, bounds=None)
        walk.tensors["input"] = Tensor(own, kind.range)
        value = replace(value, node="input", channels=means)
    walk.values[port.name] = value


def _the_input(file: File) -> Port:
    if len(file.inputs) != 1:
        names = ", ".join(shown(port.name) for port in file.inputs) or "none"
        raise ModelError(f"{file.name}: must have one input, not {names}; cut the model")
    return file.inputs[0]


def _file_shape(file: File, port: Port) -> tuple[int, ...]:
    """Give the input's shape with a batch of one sample."""
    where = f"{file.name}: input {shown(port.name)}"
    if not port.shape:
        raise ModelError(f"{where}: must have a shape; export the model with one")
    sizes = port.shape if len(port.shape) == 1 else (1, *port.shape[1:])
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or min(known) < 1:
        shape = ", ".join("?" if size is None else str(size) for size in port.shape[:8])
        raise ModelError(
            f"{where}: must have fixed sizes but for the batch, not ({shape}); "
            "export the model with fixed ones"
        )
    product = 1
    for size in known:
        product *= size
        if product > MOST_ELEMENTS:
            raise ModelError(
                f"{where}: must have at most {MOST_ELEMENTS} elements; make it smaller"
            )
    return tuple(known)


def _network_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    match len(shape):
        case 4:
            return shape[1:]
        case 3:
            return (shape[1], 1, shape[2])
        case _:
            return (int(np.prod(shape)),)


def _own_type(file: File, port: Port) -> IntType | None:
    """Give the input's integer type, where the file says so in one way or another."""
    found = ANNOTATED.fullmatch(file.types.get(port.name, ""))
    if found and int(found[2]) <= MAX_INPUT_BITS:
        return IntType(bits=int(found[2]), signed=not found[1])
    if port.dtype is not None and port.dtype.kind in "iu" and port.dtype.itemsize <= 2:
        return IntType(bits=8 * port.dtype.itemsize, signed=port.dtype.kind == "i")
    return None


def begin(walk: Walk, value: Value, stairs: Staircase, tensor: str) -> Value:
    """Let hardware begin behind a quantizer, which the host computes.

    Raises
    ------
    ModelError
        Where another path begins behind another quantizer.
    """
    count = max(len(value.channels), len(stairs.steps))
    key = (
        tuple(value.channel(i) for i in range(count)),
        tuple(stairs.steps[i if len(stairs.steps) > 1 else 0] for i in range(count)),
        stairs.lo,
        stairs.type,
    )
    means = tuple(step.means for step in stairs.steps)
    if walk.begin is None:
        bounds = []
        for channel, step in zip(key[0], key[1], strict=True):
            ends = (False,) * len(channel.functions)
            bounds.append(channel.bounds_on_integer(step.bounds, FIRST_DIGITS, ends))
        assert walk.current is not None
        walk.begin = Begin(
            type=stairs.type,
            lo=stairs.lo,
            means=means,
            bounds=tuple(bounds),
            key=key,
            quantizer=walk.current.name,
            trail=value.trail,
        )
        walk.tensors["input"] = Tensor(value.shape, stairs.type.range)
    elif walk.begin.key != key:
        name = shown(walk.file.inputs[0].name)
        raise ModelError(
            f"all paths from input {name} must begin with one quantizer, not with several; "
            "give its integers, such as --input u8 --input-scale 1/255"
        )
    made = replace(value, node="input", channels=means, trail=())
    note_quantizer(walk, made, stairs, tensor, None)
    return made


def clipped_codes(walk: Walk, value: Value, clip: Clip, tensor: str) -> Value | None:
    """Let the host clip the codes with which hardware begins, where nothing reads the others.

    QCDQ has narrow types so. None where it is no such clip.
    """
    start = walk.begin
    if value.node != "input" or value.shared or start is None or start.bounds is None:
        return None
    if value.channels != (Channel(),) or walk.nodes or start.means != (Channel(),):
        return None
    low, high = Fraction(start.lo), Fraction(start.lo + start.bounds[0].count)
    low = low if clip.lo is None else max(low, clip.lo)
    high = high if clip.hi is None else min(high, clip.hi)
    if low.denominator != 1 or high.denominator != 1 or low >= high:
        return None
    lo, steps = int(low), int(high - low)
    bounds = tuple(one.part(lo - start.lo, steps) for one in start.bounds)
    kind = Range(lo, lo + steps).type
    assert walk.current is not None
    walk.begin = replace(
        start,
        type=kind,
        lo=lo,
        bounds=bounds,
        quantizer=walk.current.name,
        trail=(*start.trail, start.quantizer),
    )
    walk.tensors["input"] = Tensor(value.shape, kind.range)
    given = walk.quantizers.pop()
    walk.quantizers.append(
        replace(
            given,
            tensor=tensor,
            lo=lo,
            bounds=tuple(one.part(lo - given.lo, steps) for one in given.bounds),
        )
    )
    return value


def name_codes(walk: Walk, made: Value) -> None:
    """Say what the codes at the input stand for, where `made` is what a dequantizer makes of them.

    QuantizeLinear gives codes that stand for nothing yet; a clip between the two only leaves some
    of them out. Of several dequantizers the first says it.
    """
    begin = walk.begin
    if made.node != "input" or begin is None or begin.bounds is None:
        return
    if any(channel != Channel() for channel in begin.means):
        return
    means = []
    for channel in made.channels:
        bare = Channel(channel.scale, channel.offset)
        for function in channel.functions:
            if not isinstance(function, Affine | Clip):
                return
            bare = bare.then(function) if isinstance(function, Affine) else bare
        means.append(bare)
    walk.begin = replace(begin, means=tuple(means))
