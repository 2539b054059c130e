"""Shows that the top joins the units as it says, payload to payload, and adds nothing.

A unit that reads several has their payloads side by side. Its beat is taken in the cycles in which
a beat of each of them is, and what several units read is taken by all of them in the same cycles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.prove.netlist.netlist import Cell, Module, Net, Word

Reads = Sequence[Sequence[int]]  # of each unit those that it reads, -1 for what enters the design


@dataclass(frozen=True, slots=True)
class _End:
    """What a unit, or the design's input, offers: its payload, and when it is there and taken."""

    payload: Word
    valid: Net
    ready: Net


def prove_wiring(top: Module, units: Sequence[str], reads: Reads, output_beats: int) -> None:
    """Follow payload, valid and ready from `s_axis` through all units to `m_axis`.

    Where a vector leaves in one beat, tlast is always high.

    Raises
    ------
    NotProvedError
        Where a wire goes elsewhere.
    """
    cells = [_instance(top, name) for name in units]
    ends = [
        _End(top.port("s_axis_tdata"), top.port("s_axis_tvalid")[0], top.port("s_axis_tready")[0])
    ]
    ends += [
        _End(cell.outputs["o__payload"], cell.outputs["o__valid"][0], cell.inputs["o__ready"][0])
        for cell in cells
    ]
    for cell, sources in zip(cells, reads, strict=True):
        _check_unit(top, cell, [ends[source + 1] for source in sources])
    left = {"m_axis_tdata": ends[-1].payload, "m_axis_tvalid": (ends[-1].valid,)}
    if output_beats == 1:
        left["m_axis_tlast"] = ("1",)
    for port, nets in left.items():
        if top.port(port)[: len(nets)] != nets:
            raise top.problem(top.port(port)[0], f"{port} must come from {units[-1]}")
    if ends[-1].ready != top.port("m_axis_tready")[0]:
        raise top.problem(ends[-1].ready, f"o__ready of {units[-1]} must be m_axis_tready")


def _check_unit(top: Module, cell: Cell, sources: Sequence[_End]) -> None:
    width = len(cell.inputs["i__payload"])
    given = sum((source.payload for source in sources), ())
    _same(top, cell, "i__payload", given if len(sources) > 1 else given[:width])
    taken = _terms(top, cell.inputs["i__valid"][0]) | {cell.outputs["i__ready"][0]}
    for source in sources:
        if taken != _terms(top, source.ready) | {source.valid}:
            raise top.problem(
                cell.inputs["i__valid"][0],
                f"i__valid of {cell.kind} must be wired to the unit before it, and i__ready back, "
                "so that a beat leaves where it is taken",
            )
    if "clk" in cell.inputs:
        _same(top, cell, "clk", top.port("aclk"))
        _check_reset(top, cell.inputs["rst"][0])


def _terms(top: Module, net: Net) -> set[Net]:
    """Give the nets that must all be high for a net to be: through gates of one bit."""
    found, seen, left = set[Net](), set[Net](), [net]
    while left:
        net = left.pop()
        if net in seen:
            continue
        seen.add(net)
        cell = top.driver[net][0] if net in top.driver else None
        is_gate = cell is not None and cell.kind in ("$and", "$logic_and")
        if cell is not None and is_gate and len(cell.inputs["A"]) == len(cell.inputs["B"]) == 1:
            left += [*cell.inputs["A"], *cell.inputs["B"]]
        else:
            found.add(net)
    return found


def _instance(top: Module, name: str) -> Cell:
    found = [cell for cell in top.cells if cell.kind == name]
    if len(found) != 1:
        raise top.problem("x", f"must have one unit {name}, not {len(found)}")
    return found[0]


def _same(top: Module, cell: Cell, port: str, nets: Word) -> None:
    found = cell.inputs.get(port) or cell.outputs.get(port) or ("x",)
    if found != nets:
        place = next((a for a, b in zip(found, nets, strict=False) if a != b), found[0])
        raise top.problem(place, f"{port} of {cell.kind} must be wired to the unit before it")


def _check_reset(top: Module, net: Net) -> None:
    cell = top.driver[net][0] if net in top.driver else None
    if cell is None or cell.kind != "$not" or cell.inputs["A"] != top.port("aresetn"):
        raise top.problem(net, "rst must be the complement of aresetn")
