"""Argmax units that read all sums of a folded layer in one beat."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.ir import Argmax
from hwgen.numeric import Range
from hwgen.prove.forms.forms import Form, linear_form
from hwgen.prove.machine.streams import Element, Stream, Total, cut
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.units.argmax import prove_argmax
from hwgen.prove.units.dense import Lane


def argmax_of_beat(
    module: Module, stream: Stream, rows: Sequence[Form], inputs: Sequence[Range], node: Argmax
) -> Stream:
    """Show that the unit gives the index of the largest row, and give its stream.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    lanes = _lanes(module, stream, rows, inputs)
    (output,) = prove_argmax(module, lanes, [lane.nets for lane in lanes], node).lanes
    index = Element(column=0, limits=node.given(len(rows)), bits=len(output))
    return Stream(lanes=(len(output),), beats=((index,),))


def _lanes(
    module: Module, stream: Stream, rows: Sequence[Form], inputs: Sequence[Range]
) -> list[Lane]:
    """Give the sums that come in one beat, row by row.

    Raises
    ------
    NotProvedError
        Where they do not.
    """
    lanes = []
    words = cut(module.port("i__payload"), stream.lanes)
    for index, (form, total) in enumerate(zip(rows, stream.natural(), strict=False)):
        row = None if not isinstance(total, Total) else total.row(index)
        if row is None or not isinstance(total, Total):
            raise NotProvedError(f"{module.name}, lane {index}: must be the sum of row {index}")
        factors = {c: v // row.factor * total.factor for c, v in form.coefficients.items()}
        carried = linear_form(factors, total.constant, inputs)
        lanes.append(
            Lane(
                nets=words[index],
                row=form,
                carried=carried,
                factor=abs(total.factor),
                divisor=abs(row.factor) or 1,
            )
        )
    if len(lanes) != len(rows) or len(stream.beats) != 1:
        raise NotProvedError(f"{module.name}: must read all {len(rows)} sums in one beat")
    return lanes
