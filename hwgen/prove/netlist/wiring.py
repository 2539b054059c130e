"""Shows that the top joins the units in order, payload to payload, and adds nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.prove.netlist.netlist import Cell, Module, Net, Word


def prove_wiring(top: Module, units: Sequence[str], output_beats: int) -> None:
    """Follow payload, valid and ready from `s_axis` through all units to `m_axis`.

    Where a vector leaves in one beat, tlast is always high.

    Raises
    ------
    NotProvedError
        Where a wire goes elsewhere.
    """
    data, valid = top.port("s_axis_tdata"), top.port("s_axis_tvalid")
    ready = top.port("s_axis_tready")
    for name in units:
        cell = _instance(top, name)
        joins = [
            ("i__payload", data[: len(cell.inputs["i__payload"])]),
            ("i__valid", valid),
            ("i__ready", ready),
        ]
        for port, nets in joins:
            _same(top, cell, port, nets)
        if "clk" in cell.inputs:
            _same(top, cell, "clk", top.port("aclk"))
            _check_reset(top, cell.inputs["rst"][0])
        data, valid = cell.outputs["o__payload"], cell.outputs["o__valid"]
        ready = cell.inputs["o__ready"]
    ends = {"m_axis_tdata": data, "m_axis_tvalid": valid}
    if output_beats == 1:
        ends["m_axis_tlast"] = ("1",)
    for port, nets in ends.items():
        if top.port(port)[: len(nets)] != nets:
            raise top.problem(top.port(port)[0], f"{port} must come from {units[-1]}")
    if ready != top.port("m_axis_tready"):
        raise top.problem(ready[0], f"o__ready of {units[-1]} must be m_axis_tready")


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
