"""What simulation, proof and syntheses left in a design folder, each read only where it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwgen.digests import proved_files, simulated_files, synthesised_files
from hwgen.json_fields import JsonFields, read_json
from hwgen.manifest import MANIFEST
from hwgen.report.design_folder import Design
from hwgen.report.standing import Check, State, stale_because, unlike_built


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """sim/result.json; `tests` says why each failed, None for one that passed."""

    passed: bool
    simulator: str
    tests: Mapping[str, str | None]
    vectors: int | None
    latency_cycles: int | None
    interval_cycles: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """proof.json; `problem` names the place where it failed, None where all was shown."""

    verdict: str
    problem: str | None
    tool: str
    does_not_prove: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a module takes of a target; the boundary's numbers may be negative."""

    luts: int
    ffs: int
    carries: int
    brams: int
    bram_bits: int
    dsps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """synth/TARGET.json; `units` by name of the unit."""

    target: str
    total: Resources
    units: Mapping[str, Resources]
    glue: Resources | None
    boundary: Resources | None
    fmax_mhz: float | None
    part: str | None
    note: str | None
    tools: Mapping[str, str]
    commands: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the document of synth/TARGET.json again."""
        fields = asdict(self)
        total, units = fields.pop("total"), fields.pop("units")
        return {**fields, **total, "per_layer": units}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A design folder, its design, its name as a word of a command, and what changed in it."""

    folder: Path
    word: str
    design: Design
    changed: tuple[str, ...]


def read_simulation(reading: Reading) -> tuple[Check, Simulation | None]:
    """Judge sim/result.json, and give it where it holds.

    Raises
    ------
    ModelError
        Where it is damaged.
    """
    path, command = reading.folder / "sim" / "result.json", f"hwgen sim {reading.word}"
    if not path.exists():
        return Check(name="simulation", state=State.not_run, command=command), None
    fields = read_json(path, "hwgen sim")
    verilog, *reference = simulated_files(reading.design.name)
    reason = stale_because(fields, reading.folder, (verilog, *reference))
    if reason is not None:
        return _stale("simulation", command, reason), None
    tests = fields.child("tests")
    found = Simulation(
        passed=fields.truth("passed"),
        simulator=fields.text("simulator"),
        tests={name: tests.optional_text(name) for name in tests.document},
        vectors=fields.optional_count("vectors"),
        latency_cycles=fields.optional_count("latency_cycles"),
        interval_cycles=fields.optional_count("interval_cycles"),
    )
    wrong = [f"{name}: {why}" for name, why in found.tests.items() if why is not None]
    if wrong or not found.passed:
        reason = "; ".join(wrong) or "no test was run"
        check = Check(name="simulation", state=State.failed, command=command, reason=reason)
        return check, found
    reason = unlike_built(reading.changed, (MANIFEST, *reference))
    if reason is None and _is_slower(found, reading.design):
        reason = "latency or interval are not those of design.json"
    if reason is not None:
        return _stale("simulation", command, reason), None
    return Check(name="simulation", state=State.passed, command=command), found


def _is_slower(run: Simulation, design: Design) -> bool:
    pairs = (
        (run.latency_cycles, design.latency_cycles),
        (run.interval_cycles, design.interval_cycles),
    )
    return any(measured not in (None, planned) for measured, planned in pairs)


def read_proof(reading: Reading) -> tuple[Check, Proof | None]:
    """Judge proof.json, and give it where it holds.

    Raises
    ------
    ModelError
        Where it is damaged.
    """
    path, command = reading.folder / "proof.json", f"hwgen prove {reading.word}"
    if not path.exists():
        return Check(name="proof", state=State.not_run, command=command), None
    fields = read_json(path, "hwgen prove")
    verilog, *reference = proved_files(reading.design.name)
    reason = stale_because(fields, reading.folder, (verilog, *reference))
    if reason is not None:
        return _stale("proof", command, reason), None
    found = Proof(
        verdict=fields.text("verdict"),
        problem=fields.optional_text("problem"),
        tool=fields.text("tool"),
        does_not_prove=fields.texts("does_not_prove"),
    )
    if not fields.truth("proved"):
        check = Check(name="proof", state=State.failed, command=command, reason=found.problem)
        return check, found
    reason = unlike_built(reading.changed, (MANIFEST, *reference))
    if reason is not None:
        return _stale("proof", command, reason), None
    return Check(name="proof", state=State.passed, command=command), found


def read_syntheses(
    reading: Reading, targets: Sequence[str]
) -> tuple[tuple[Check, ...], tuple[Synthesis, ...]]:
    """Judge synth/TARGET.json of each target, and give those that hold, in the order of targets.

    Raises
    ------
    ModelError
        Where one is damaged.
    """
    checks, found = [], []
    for target in targets:
        path = reading.folder / "synth" / f"{target}.json"
        name, command = f"synthesis {target}", f"hwgen synth {reading.word} --target {target}"
        if not path.exists():
            checks.append(Check(name=name, state=State.not_run, command=command))
            continue
        fields = read_json(path, f"hwgen synth --target {target}")
        files = synthesised_files(reading.design.name)
        reason = stale_because(fields, reading.folder, files)
        if reason is None and fields.text("target") != target:
            reason = f"it is for {fields.text('target')}"
        if reason is None and fields.text("top") != reading.design.top:
            reason = f"it is of {fields.text('top')}"
        if reason is not None:
            checks.append(_stale(name, command, reason))
            continue
        checks.append(Check(name=name, state=State.passed, command=command))
        found.append(_synthesis(fields))
    return tuple(checks), tuple(found)


def _stale(name: str, command: str, reason: str) -> Check:
    return Check(name=name, state=State.stale, command=command, reason=reason)


def _synthesis(fields: JsonFields) -> Synthesis:
    units, tools = fields.child("per_layer"), fields.child("tools")
    glue, boundary = fields.optional_child("glue"), fields.optional_child("boundary")
    return Synthesis(
        target=fields.text("target"),
        total=_resources(fields),
        units={name: _resources(units.child(name)) for name in units.document},
        glue=None if glue is None else _resources(glue),
        boundary=None if boundary is None else _resources(boundary),
        fmax_mhz=fields.optional_positive("fmax_mhz"),
        part=fields.optional_text("part"),
        note=fields.optional_text("note"),
        tools={name: tools.text(name) for name in tools.document},
        commands=fields.texts("commands"),
    )


def _resources(fields: JsonFields) -> Resources:
    return Resources(
        luts=fields.integer("luts"),
        ffs=fields.integer("ffs"),
        carries=fields.integer("carries"),
        brams=fields.integer("brams"),
        bram_bits=fields.integer("bram_bits"),
        dsps=fields.integer("dsps"),
    )
