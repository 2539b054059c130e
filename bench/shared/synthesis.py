"""Some Verilog, or a plan, through the same Yosys as every design; nothing is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hwgen.emit import verilog_of
from hwgen.plan.design import Plan
from hwgen.synth.run import SynthResult, synthesise_verilog


def text_synthesised(
    text: str, top: str, target: str, *, clock: str | None, pnr: bool = False, layers: bool = False
) -> SynthResult:
    """Synthesise a module that needs no other file."""
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "design.v"
        file.write_text(text)
        return synthesise_verilog([file], top, target, clock=clock, pnr=pnr, layers=layers)


def plan_synthesised(plan: Plan, *, layers: bool = False) -> SynthResult:
    """Synthesise a whole design; with `layers` each of its units is counted too."""
    return text_synthesised(verilog_of(plan), plan.name, plan.target, clock="aclk", layers=layers)


def verilog_luts(text: str, top: str, target: str, clock: str | None = "clk") -> int:
    """Count the LUTs of a module that needs no other file."""
    return text_synthesised(text, top, target, clock=clock).total.luts
