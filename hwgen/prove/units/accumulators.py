"""The accumulators of a unit, whose sums must fit in every cycle."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.prove.forms.forms import Form
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accumulator:
    """A register, and the sums with the lowest and the highest value that it ever holds."""

    name: str
    bits: int
    lowest: Form
    highest: Form


def accumulating(module: Module) -> list[Cell]:
    """Give the registers that load a sum with what they hold."""
    found = []
    for flop in module.cells:
        if flop.kind != "$dff":
            continue
        held = set(flop.outputs["Q"])
        adders = _adders(module, flop.inputs["D"])
        if any(held.intersection(a.inputs["A"] + a.inputs.get("B", ())) for a in adders):
            found.append(flop)
    return found


def _adders(module: Module, nets: Word) -> list[Cell]:
    """Give the adders whose sums reach nets through choices."""
    found: dict[str, Cell] = {}
    seen: set[Net] = set()
    waiting = list(nets)
    while waiting:
        net = waiting.pop()
        if net in seen or net not in module.driver:
            continue
        seen.add(net)
        cell = module.driver[net][0]
        if cell.kind in ("$add", "$sub"):
            found[cell.name] = cell
        if cell.kind in ("$mux", "$pmux"):
            waiting += cell.inputs["A"] + cell.inputs["B"]
    return list(found.values())
