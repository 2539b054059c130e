"""Shows that what leaves a chain of units is the network's output."""

from __future__ import annotations

from hwgen.ir import Argmax
from hwgen.numeric import IntType
from hwgen.prove.layers import Layer
from hwgen.prove.machine.streams import Constant, Content, Element, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.codes import CodesProof
from hwgen.prove.units.folded import FoldedProof


def check_end(
    design: DesignFolder,
    layer: Layer,
    dense: FoldedProof,
    tail: CodesProof | None,
    stream: Stream,
) -> None:
    """Show that the last stream is the network's output, in order and in its type.

    Raises
    ------
    NotProvedError
        Where a lane is not.
    """
    beats, lanes = design.output_beats, design.output_lanes
    if (len(stream.beats), len(stream.lanes)) != (beats, lanes):
        raise NotProvedError(
            f"{design.top}: must give {beats} beats of {lanes} lanes, not {len(stream.beats)} of "
            f"{len(stream.lanes)}"
        )
    found, kind = stream.natural(), design.output
    count = 1 if isinstance(layer.tail, Argmax) else len(dense.rows)
    for index in range(count):
        content = found[index] if index < len(found) else None
        if isinstance(layer.tail, Argmax):
            right = _is_index(content, kind)
        else:
            right = content is not None and _is_output(dense, tail, index, content, kind)
        if not right:
            raise NotProvedError(
                f"{design.top}: element {index} of the output must be that of the network, as "
                f"{kind}"
            )


def _is_index(content: Content | None, kind: IntType) -> bool:
    """Whether a lane is the one element behind an argmax unit."""
    return (
        isinstance(content, Element) and content.bits == kind.bits and content.limits.hi <= kind.hi
    )


def _is_output(
    dense: FoldedProof, tail: CodesProof | None, index: int, content: Content, kind: IntType
) -> bool:
    wanted = dense.rows[index].limits if tail is None else tail.codes[index]
    size = 1 << content.bits
    match content:
        case Constant():
            equal = not wanted.span and (wanted.lo - content.value) % size == 0
        case Element():
            same = not wanted.span or (tail is not None and content.column == tail.alias[index])
            equal = tail is not None and same and content.limits == wanted
        case Total():
            row = content.row(index)
            equal = row is not None and (
                (row.factor - content.factor) % size == 0
                and (row.constant - content.constant) % size == 0
            )
            equal = equal and tail is None
    return content.bits == kind.bits and equal and kind.lo <= wanted.lo <= wanted.hi <= kind.hi
