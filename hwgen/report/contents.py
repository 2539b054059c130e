"""Everything that a report says, as objects and as the document report.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from hwgen import __version__
from hwgen.digests import proved_files
from hwgen.manifest import MANIFEST, changes
from hwgen.report.board_results import BoardReport
from hwgen.report.design_folder import Design
from hwgen.report.float_run import FloatRun
from hwgen.report.layer_report import LayerReport
from hwgen.report.results import Proof, Simulation, Synthesis
from hwgen.report.simulated_maps import SimulatedMaps
from hwgen.report.standing import Check, State
from hwgen.report.weight_figures import WeightFigures

PLACED_TARGETS = ("ecp5", "ice40", "gowin")  # which open place and route from pip knows


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAccuracy:
    """Share of the golden samples in the model that the integer network classifies rightly."""

    percent: float
    samples: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole report. `folder` is the folder's name as a word of a command, never its path.

    `files` has the digest of every file of the design, `changed` those that are not as built.
    Simulation, proof and syntheses are there only where they hold for these files; `checks` says
    of each whether it does.
    """

    folder: str
    design: Design
    layers: tuple[LayerReport, ...]
    files: dict[str, str | None]
    changed: tuple[str, ...]
    checks: tuple[Check, ...]
    simulation: Simulation | None
    proof: Proof | None
    float_run: FloatRun | None
    syntheses: tuple[Synthesis, ...]
    boards: tuple[BoardReport, ...]
    sample_accuracy: SampleAccuracy | None
    maps_simulated: SimulatedMaps | None

    @cached_property
    def weighted(self) -> dict[int, tuple[LayerReport, WeightFigures]]:
        """The layers that have weights, by their number from 1 on."""
        return {
            number: (layer, layer.weights)
            for number, layer in enumerate(self.layers, 1)
            if layer.weights is not None
        }

    @cached_property
    def totals(self) -> dict[str, int]:
        """Accumulator bits over all channels of the layers with weights, by rule."""
        rules = self.layers[0].widths.totals
        return {
            rule: sum(layer.widths.totals[rule] for layer, _ in self.weighted.values())
            for rule in rules
        }

    @property
    def maps(self) -> bool:
        """Whether a map enters or leaves any layer."""
        return any(layer.maps for layer in self.layers)

    @property
    def channels(self) -> int:
        """Channels of the layers with weights."""
        return sum(layer.widths.channels for layer, _ in self.weighted.values())

    def check(self, name: str) -> Check:
        """Give one of the checks."""
        return next(check for check in self.checks if check.name == name)

    def in_state(self, state: State) -> tuple[Check, ...]:
        """Give the checks in a state."""
        return tuple(check for check in self.checks if check.state is state)

    @property
    def is_too_narrow(self) -> bool:
        """Whether a register lacks bits that its sums need."""
        return any(layer.widths.too_narrow for layer in self.layers)

    @property
    def overflow_impossible(self) -> bool | None:
        """Whether no accumulator can overflow; None where that is not known of this Verilog.

        A proof shows it of the Verilog; without one the widths do, if the Verilog is what was
        built with them.
        """
        if self.is_too_narrow:
            return False
        proof = self.check("proof").state
        if proof is State.passed:
            return True
        return True if self.is_as_built and proof is not State.failed else None

    @property
    def is_as_built(self) -> bool:
        """Whether Verilog, network and description are those of one build."""
        return not {MANIFEST, *proved_files(self.design.name)} & set(self.changed)

    @property
    def holds(self) -> bool:
        """Whether every result holds for this design, and none failed."""
        wrong = self.in_state(State.failed) + self.in_state(State.stale)
        return not wrong and not self.changed and not self.is_too_narrow

    @property
    def placed(self) -> Synthesis | None:
        """The first synthesis with a clock frequency, of the design's own target if it has one."""
        return next((s for s in self.syntheses if s.fmax_mhz is not None), None)

    @property
    def placed_target(self) -> str:
        """The target to place and route for: the design's own where there is an open tool."""
        target = self.design.target
        return target if target in PLACED_TARGETS else PLACED_TARGETS[0]

    def accuracy(self, kind: str) -> float | None:
        """Accuracy in percent of the `integer` or `float` model, where the metadata has it."""
        value = self.design.metadata.get(f"accuracy_{kind}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if isfinite(value) and 0 <= value <= 100 else None

    @property
    def measured_accuracies(self) -> list[tuple[float, str]]:
        """Percent of the integer network where data had labels, and on what."""
        found, run = [], self.float_run
        if self.sample_accuracy is not None:
            samples = self.sample_accuracy.samples
            found.append((self.sample_accuracy.percent, f"the {samples:,} golden samples"))
        if run is not None and run.accuracy_integer is not None:
            found.append((100 * run.accuracy_integer, f"{run.samples:,} samples of `hwgen check`"))
        return found

    @cached_property
    def missing(self) -> dict[str, str]:
        """What the report does not know yet, and the command that finds out."""
        found = {}
        target = self.design.target
        for name in ("simulation", "proof"):
            check = self.check(name)
            if check.state in (State.stale, State.not_run):
                found[name] = check.command
        if target not in {s.target for s in self.syntheses}:
            found["synthesis"] = f"hwgen synth {self.folder} --target {target}"
        if self.placed is None:
            found["clock"] = f"hwgen synth {self.folder} --target {self.placed_target} --pnr"
        if self.accuracy("integer") is None and not self.measured_accuracies:
            found["accuracy"] = (
                "python -m training RECIPE, or hwgen check FILE.onnx --data X.npy --labels Y.npy "
                f"--design {self.folder}"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything that the page shows."""
        design = self.design
        return {
            "hwgen_version": __version__,
            "design": {
                "name": design.name,
                "top": design.top,
                "target": design.target,
                "clock": design.clock,
                "accumulator": design.accumulator,
                "latency_cycles": design.latency_cycles,
                "interval_cycles": design.interval_cycles,
                "goal": None if design.goal is None else asdict(design.goal),
                "ports": [asdict(port) for port in design.ports],
                "hwgen_version": design.hwgen_version,
            },
            "model": {"name": design.model_name, "metadata": dict(design.metadata)},
            "accuracy_percent": {
                "integer": self.accuracy("integer"),
                "float": self.accuracy("float"),
                "measured": [
                    {"percent": percent, "on": what} for percent, what in self.measured_accuracies
                ],
                "golden_samples": (
                    None if self.sample_accuracy is None else asdict(self.sample_accuracy)
                ),
            },
            "holds": self.holds,
            "checks": self._checks_json(),
            "files": {
                "sha256": self.files,
                "changed": list(self.changed),
                "problem": changes(self.changed),
            },
            "overflow": {
                "impossible": self.overflow_impossible,
                "too_narrow": {x.built.name: list(x.widths.too_narrow) for x in self.layers},
            },
            "accumulator_bits": self.totals,
            "layers": [layer.to_json() for layer in self.layers],
            "targets": [self._target_json(synthesis) for synthesis in self.syntheses],
            "simulation": None if self.simulation is None else asdict(self.simulation),
            "proof": None if self.proof is None else asdict(self.proof),
            "boards": [asdict(board) for board in self.boards],
            "float_run": None if self.float_run is None else asdict(self.float_run),
            "missing": self.missing,
        }

    def _checks_json(self) -> dict[str, Any]:
        found = {check.name: check.to_json() for check in self.checks}
        synthesis = {
            name.removeprefix("synthesis "): found.pop(name)
            for name in list(found)
            if name.startswith("synthesis ")
        }
        return found | {"synthesis": synthesis}

    def _target_json(self, synthesis: Synthesis) -> dict[str, Any]:
        clock = synthesis.fmax_mhz
        return synthesis.to_json() | {
            "latency_ns": None if clock is None else 1e3 * self.design.latency_cycles / clock,
            "samples_per_second": (
                None if clock is None else 1e6 * clock / self.design.interval_cycles
            ),
        }
