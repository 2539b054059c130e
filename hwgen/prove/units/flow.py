"""Shows that the pipelines of a design wait for each other, or that none of them waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.buffer import prove_buffer

_FLOWS = {
    "stall": "hold its registers while the next unit is not ready",
    "free": "move on in every cycle and take every beat",
    "gate": "move on in every cycle and take a beat only when o__ready is high",
}


def prove_flow(
    design: DesignFolder, modules: Mapping[str, Module], flows: Sequence[tuple[str, Flow]]
) -> None:
    """Show that either every unit waits for the next, or none does and a buffer ends the chain.

    Raises
    ------
    NotProvedError
        Where one waits in another way.
    """
    buffered = len(design.units) == len(flows) + 1 and design.kinds[-1] == "OutputBuffer"
    if buffered:
        prove_buffer(modules[design.units[-1]])
    for index, (name, flow) in enumerate(flows):
        allowed = ("stall", "wire") if not buffered else ("free", "wire") if index else ("gate",)
        if flow not in allowed:
            raise NotProvedError(
                f"{name}: must {_FLOWS[allowed[0]]}, since the design has "
                f"{'an' if buffered else 'no'} output buffer"
            )
