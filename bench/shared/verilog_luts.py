"""LUTs of some Verilog, through the same Yosys as every design."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hwgen.plan.design import Target
from hwgen.synth.run import synthesise_verilog


def verilog_luts(text: str, top: str, target: Target, clock: str = "clk") -> int:
    """Count the LUTs of a module that needs no other."""
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / f"{top}.v"
        file.write_text(text)
        return synthesise_verilog([file], top, target, clock=clock).total.luts
