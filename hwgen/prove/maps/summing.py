"""Units that compute at each position alone: matrices, and what reads their sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwgen.ir import Add, Argmax, Conv2d, Dense, SumPool2d, Threshold
from hwgen.numeric import Range
from hwgen.prove.certificate.maps import MapUnit, matrix_unit
from hwgen.prove.forms.forms import bit, same
from hwgen.prove.maps.stream import MapStream
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.units.argmax import prove_argmax
from hwgen.prove.units.positions import prove_positions
from hwgen.prove.units.staircase import prove_threshold
from hwgen.prove.units.window import Tap
from hwgen.prove.views import Channel, view_of, weights_of


def settle(stream: MapStream, module: Module) -> None:
    """Show that sums that go to no threshold are themselves, and not others that tell them."""
    for row, lanes in enumerate(zip(*(proof.lanes for proof in stream.sums), strict=True)):
        limits = _union([lane.row.limits for lane in lanes])
        width = len(lanes[0].nets)
        exact = all(
            same(bit(lane.carried, place), bit(lane.row, place))
            for lane in lanes
            for place in range(width)
        )
        if not exact or limits.type.bits > width:
            raise NotProvedError(f"{module.name}, channel {row}: must read the row's sum itself")
        stream.channels[row] = Channel(limits=limits, bits=width)
    stream.sums = []


def matrix(stream: MapStream, module: Module) -> MapUnit:
    """Show that the lanes carry the rows of the next operation, or the channels themselves.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.head(Dense, Conv2d, SumPool2d, Add)
    if node is not None:
        stream.nodes.pop(0)
    if not stream.taps:
        settle(stream, module)
        stream.view = view_of(node, stream.image)
        stream.taps = _pointwise(stream, module, stream.pixels_of(module))
    words = stream.cut(module, [len(tap.nets) for tap in stream.taps])
    matrix = weights_of(node, len(stream.channels))
    taps = [replace(tap, nets=nets) for tap, nets in zip(stream.taps, words, strict=True)]
    stream.sums = prove_positions(module, matrix, stream.view, taps, stream.channels)
    stream.flows.append((module.name, stream.sums[0].flow))
    classes = len(stream.view.classes)
    stream.to_positions()
    stream.channels = [Channel(limits=Range(0, 0), bits=0)] * len(matrix[0])
    return matrix_unit(module.name, stream.positions, classes, stream.sums)


def _pointwise(stream: MapStream, module: Module, words: Sequence[Word]) -> list[Tap]:
    """Give the lanes of a unit that reads pixels themselves: the tap that is the pixel."""
    pixels = list(range(stream.positions))
    for tap, column in enumerate(stream.view.pixels.T.tolist()):
        if column == pixels:
            return [Tap(nets=w, tap=tap, channel=k) for k, w in enumerate(words)]
    raise NotProvedError(f"{module.name}: must read windows, not pixels")


def threshold(stream: MapStream, module: Module) -> MapUnit:
    """Show that the lanes are the network's codes.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.pop(module, Threshold)
    assert isinstance(node, Threshold)
    if not stream.sums:
        raise NotProvedError(f"{module.name}: must read sums")
    words = stream.cut(module, [len(lane.nets) for lane in stream.sums[0].lanes])
    proofs = [prove_threshold(module, node, proof.lanes, words) for proof in stream.sums]
    codes = [_union(row) for row in zip(*(proof.codes for proof in proofs), strict=True)]
    lanes = proofs[0].lanes
    stream.channels = [
        Channel(limits=c, bits=len(nets)) for c, nets in zip(codes, lanes, strict=True)
    ]
    stream.sums = []
    stream.flows.append((module.name, proofs[0].flow))
    return MapUnit(
        name=module.name,
        op="threshold",
        positions=stream.positions,
        values=sum(proof.values for proof in proofs),
        ranges=tuple(codes),
    )


def argmax(stream: MapStream, module: Module) -> MapUnit:
    """Show that the lane is the index of the largest sum.

    Raises
    ------
    NotProvedError
        Where it does something else.
    """
    node = stream.pop(module, Argmax)
    assert isinstance(node, Argmax)
    if len(stream.sums) != 1:
        raise NotProvedError(f"{module.name}: must read sums")
    lanes = stream.sums[0].lanes
    words = stream.cut(module, [len(lane.nets) for lane in lanes])
    proof = prove_argmax(module, lanes, words, node)
    limits = node.given(len(lanes))
    stream.channels = [Channel(limits=limits, bits=len(proof.lanes[0]))]
    stream.sums = []
    stream.flows.append((module.name, proof.flow))
    return MapUnit(name=module.name, op="argmax", positions=1, ranges=(limits,))


def _union(ranges: Sequence[Range]) -> Range:
    return Range(min(limits.lo for limits in ranges), max(limits.hi for limits in ranges))
