"""A design folder as an object: every step of the command line writes its result there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from hwgen import flow
from hwgen.errors import ModelError
from hwgen.hls.model import CppModel
from hwgen.interface.network import Network
from hwgen.interface.shown import as_text
from hwgen.numeric import IntArray
from hwgen.plan.design import Plan
from hwgen.prove.certificate.certificate import Certificate
from hwgen.prove.cpp.proof import CppProof
from hwgen.prove.cpp.run import prove_cpp_folder
from hwgen.prove.run import prove as prove_folder
from hwgen.report.page import make_report
from hwgen.report.synthesis import report_text
from hwgen.simulate import SimResult, Simulator
from hwgen.simulate import simulate as simulate_folder
from hwgen.synth.run import SynthResult
from hwgen.synth.run import synthesise as synthesise_folder


@dataclass(frozen=True, slots=True)
class Report:
    """The page of a design folder, and what stands in report.json; prints as `hwgen report`."""

    page: Path
    document: dict[str, Any] = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether no check failed, no result is stale and no file was changed since the build."""
        return bool(self.document["holds"])

    def __str__(self) -> str:
        return as_text(report_text(self.document, self.page.parent))


@dataclass(frozen=True, slots=True)
class Design:
    """A design folder: Verilog, plan, vectors and a bench; every step writes its result there."""

    folder: Path
    network: Network = field(repr=False)
    plan: Plan = field(repr=False)

    def __repr__(self) -> str:
        styles = ", ".join(f"{layer.name} {layer.style}" for layer in self.plan.layers)
        times = f"latency {self.latency_cycles} cycles, a vector every {self.interval_cycles}"
        return f"Design({str(self.folder)!r}: {styles}; {times})"

    @property
    def latency_cycles(self) -> int:
        """Clock cycles from the first input beat to the first output beat."""
        return self.plan.latency_cycles

    @property
    def interval_cycles(self) -> int:
        """Clock cycles between vectors, or frames."""
        return self.plan.interval_cycles

    @property
    def verilog(self) -> str:
        """The design as Verilog."""
        return (self.folder / f"{self.plan.name}.v").read_text(encoding="utf-8")

    def run(self, x: IntArray) -> IntArray:
        """Run the network on integers, as `Network.run`."""
        return self.network.run(x)

    def simulate(
        self,
        simulator: Simulator = "verilator",
        *,
        samples: int = 0,
        seed: int = 0,
        waves: bool = False,
    ) -> SimResult:
        """Compare the gates with the integer reference, bit for bit, with stalls and a reset.

        Parameters
        ----------
        simulator
            "verilator" or "icarus"; "cpp" for the HLS C++, which knows no cycles.
        samples
            Vectors of the whole design; 0 for as many as take a moment.
        seed
            Other random vectors and stalls than the folder's own.
        waves
            Keep the wave forms in `sim/build`.

        Raises
        ------
        PlanError
            Where there are not so many vectors.
        ToolError
            Where a program is missing or fails.
        """
        if simulator not in get_args(Simulator):
            names = ", ".join(get_args(Simulator))
            raise ModelError(f"simulator: must be one of {names}, not {simulator!r}")
        for name, value in (("samples", samples), ("seed", seed)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ModelError(f"{name}: must be a whole number, not {value!r}")
        return simulate_folder(
            self.folder,
            simulator=simulator,
            samples=samples,
            seed=seed,
            vectors=flow.chosen_vectors(self.folder, seed, samples),
            waves=waves,
        )

    def prove(self, progress: Callable[[str], None] = lambda _: None) -> Certificate:
        """Prove from the Verilog alone that the design is its network; writes proof.json.

        Raises
        ------
        ToolError
            Where Yosys is missing or fails.
        """
        return prove_folder(self.folder, progress)

    def prove_cpp(self) -> CppProof:
        """Prove from the C++ alone, of a design built with `hls`; writes hls/proof.json.

        Raises
        ------
        ModelError
            Where there is none.
        ToolError
            Where there is no C++ compiler.
        """
        return prove_cpp_folder(self.folder)

    def compile(self) -> CppModel:
        """Compile the C++ of a design built with `hls`: a model that runs large sets in seconds.

        Raises
        ------
        ModelError
            Where there is none.
        ToolError
            Where there is no C++ compiler.
        """
        return CppModel(self.folder)

    def synthesise(self, target: str | None = None, *, place: bool = False) -> SynthResult:
        """Synthesise with Yosys, and place with nextpnr where that is asked for.

        Parameters
        ----------
        target
            `xc7`, `ice40` or `ecp5`; the plan's where none is named.
        place
            Place and route too, for the clock frequency.

        Raises
        ------
        ToolError
            Where a program is missing or fails.
        """
        return synthesise_folder(self.folder, target or self.plan.target, place)

    def report(self) -> Report:
        """Write report.html and report.json."""
        page = make_report(self.folder)
        return Report(page, json.loads(page.with_suffix(".json").read_text(encoding="utf-8")))
