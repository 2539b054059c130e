"""Shows that the registers of a unit move together, and how many lie on the way of `valid`.

Every register must load when `i__ready` is high and hold otherwise; `i__ready` must be
`o__ready | ~o__valid`; and `valid` must go through registers that reset to 0. Then the unit is a
function of its payload, some cycles late, whatever stalls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hwgen.prove.boolean import Samples
from hwgen.prove.netlist import Cell, Module, Net
from hwgen.prove.walk import Walk

# the four values of the pair (o__valid, o__ready), and of i__ready, a bit each
VALID, READY, ENABLED = 0b1100, 0b1010, 0b1011


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The registers of a unit as net behind -> net before, and how many `valid` passes."""

    latency: int
    registers: Mapping[Net, Net]


def pipeline_of(module: Module) -> Pipeline:
    """Give a unit's registers.

    Raises
    ------
    NotProvedError
        Where one does not move with the others.
    """
    enable, start, end = (module.port(p)[0] for p in ("i__ready", "i__valid", "o__valid"))
    flops = [cell for cell in module.cells if cell.kind == "$dff"]
    if not flops:
        if end != start or enable != module.port("o__ready")[0]:
            raise module.problem(end, "a unit without registers must pass valid and ready through")
        return Pipeline(latency=0, registers={})
    registers: dict[Net, Net] = {}
    cleared: set[Net] = set()
    for flop in flops:
        if flop.inputs["CLK"] != module.port("clk") or not flop.parameters["CLK_POLARITY"]:
            raise module.problem(flop.outputs["Q"][0], "must be clocked by the rising edge of clk")
        for held, loaded in zip(flop.outputs["Q"], flop.inputs["D"], strict=True):
            source, clears = _unwrapped(module, held, loaded, enable)
            registers[held] = source
            if clears:
                cleared.add(held)
    algebra = Samples(module, 4)
    leaves = {end: VALID, module.port("o__ready")[0]: READY}
    ready = Walk(module, {}, leaves, algebra.constants, algebra.rule).word((enable,), 0)
    if ready != [ENABLED]:
        raise module.problem(enable, "must be o__ready | ~o__valid")
    return Pipeline(latency=_latency(module, registers, cleared, start, end), registers=registers)


def _unwrapped(module: Module, held: Net, loaded: Net, enable: Net) -> tuple[Net, bool]:
    """Give what a register loads when enabled, and whether reset clears it."""
    clears = False
    cell, index = _multiplexer(module, held, loaded)
    if cell.inputs["S"] == module.port("rst"):
        clears = cell.inputs["B"][index] == "0"
        cell, index = _multiplexer(module, held, cell.inputs["A"][index])
    if cell.inputs["S"] != (enable,) or cell.inputs["A"][index] != held:
        raise module.problem(held, "must load when i__ready is high, and hold its value otherwise")
    return cell.inputs["B"][index], clears


def _multiplexer(module: Module, held: Net, net: Net) -> tuple[Cell, int]:
    cell, _, index = module.driver.get(net, (None, "", 0))
    if cell is None or cell.kind != "$mux":
        raise module.problem(held, "must load when i__ready is high, and hold its value otherwise")
    return cell, index


def _latency(
    module: Module, registers: Mapping[Net, Net], cleared: set[Net], start: Net, end: Net
) -> int:
    latency, net = 0, end
    while net != start:
        if net not in registers or latency > len(registers):
            raise module.problem(net, "must be i__valid behind registers")
        if net not in cleared:
            raise module.problem(net, "must be 0 after a reset")
        net = registers[net]
        latency += 1
    return latency
