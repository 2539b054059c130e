"""Shows that the registers of a unit move together, and how many lie on the way of `valid`.

Where units wait for each other, every register must load when `i__ready` is high and hold
otherwise, and `i__ready` must be `o__ready | ~o__valid`. Where none waits (an output buffer takes
what comes), every register must load in every cycle, `i__ready` must be `o__ready`, and the first
unit alone must take a beat only when it is ready. `valid` must go through registers that reset to
0. Then the unit is a function of its payload, some cycles late, whatever stalls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hwgen.prove.netlist.boolean import Samples
from hwgen.prove.netlist.netlist import Cell, Module, Net
from hwgen.prove.netlist.walk import Walk

Flow = Literal["stall", "gate", "free", "wire"]
# the four values of the pair (o__valid, o__ready), and of i__ready, a bit each
VALID, READY, ENABLED = 0b1100, 0b1010, 0b1011


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The registers of a unit as net behind -> net before, and how many `valid` passes.

    `flow` is how the unit waits: it stalls, or never does; then it is a gate where it takes a beat
    only when it is ready. A unit that passes `valid` and `ready` through does whatever others do.
    """

    latency: int
    registers: Mapping[Net, Net]
    flow: Flow


def pipeline_of(module: Module) -> Pipeline:
    """Give a unit's registers.

    Raises
    ------
    NotProvedError
        Where one does not move with the others.
    """
    enable, start, end = (module.port(p)[0] for p in ("i__ready", "i__valid", "o__valid"))
    flops = [cell for cell in module.cells if cell.kind == "$dff"]
    start, gated = _start(module, start)
    waits = bool(flops) and enable != module.port("o__ready")[0]
    if not flops and (end != start or enable != module.port("o__ready")[0]):
        raise module.problem(end, "a unit without registers must pass valid and ready through")
    registers: dict[Net, Net] = {}
    cleared: set[Net] = set()
    for flop in flops:
        if flop.inputs["CLK"] != module.port("clk") or not flop.parameters["CLK_POLARITY"]:
            raise module.problem(flop.outputs["Q"][0], "must be clocked by the rising edge of clk")
        for held, loaded in zip(flop.outputs["Q"], flop.inputs["D"], strict=True):
            source, clears = _cleared(module, loaded)
            registers[held] = _enabled(module, held, source, enable) if waits else source
            if clears:
                cleared.add(held)
    if waits:
        _check_ready(module, enable, end)
        if gated:
            raise module.problem(start, "must not depend on o__ready where the unit waits")
    return Pipeline(
        latency=_latency(module, registers, cleared, start, end),
        registers=registers,
        flow="stall" if waits else "gate" if gated else "free" if flops else "wire",
    )


def _start(module: Module, valid: Net) -> tuple[Net, bool]:
    """Give the net that tells of a new beat: `valid`, or that and `o__ready` for a gate."""
    both = {valid, module.port("o__ready")[0]}
    for cell in module.cells:
        operands = [net for word in cell.inputs.values() for net in word]
        if cell.kind == "$and" and len(operands) == 2 and set(operands) == both:
            return cell.outputs["Y"][0], True
    return valid, False


def _check_ready(module: Module, enable: Net, end: Net) -> None:
    algebra = Samples(module, 4)
    leaves = {end: VALID, module.port("o__ready")[0]: READY}
    ready = Walk(module, {}, leaves, algebra.constants, algebra.rule).word((enable,), 0)
    if ready != [ENABLED]:
        raise module.problem(enable, "must be o__ready | ~o__valid")


def _cleared(module: Module, loaded: Net) -> tuple[Net, bool]:
    """Give what a register loads without reset, and whether reset clears it."""
    cell, _, index = module.driver.get(loaded, (None, "", 0))
    if cell is None or cell.kind != "$mux" or cell.inputs["S"] != module.port("rst"):
        return loaded, False
    return cell.inputs["A"][index], cell.inputs["B"][index] == "0"


def _enabled(module: Module, held: Net, loaded: Net, enable: Net) -> Net:
    """Give what a register loads when enabled."""
    cell, index = _multiplexer(module, held, loaded)
    if cell.inputs["S"] != (enable,) or cell.inputs["A"][index] != held:
        raise module.problem(held, "must load when i__ready is high, and hold its value otherwise")
    return cell.inputs["B"][index]


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
