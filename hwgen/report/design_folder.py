"""What lies in a design folder, read and checked: the design, its simulation, its syntheses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.report.json_fields import JsonFields, read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One AXI4-Stream port of the top module.

    `meaning` says what its integers are, None in the folders of a release that did not say so;
    where they stand for numbers, `scale` and `offset` have one for all channels, or one for each.
    """

    name: str
    tdata_bits: int
    beats: int
    lanes: int
    type: str
    elements: int
    meaning: str | None
    scale: tuple[float, ...]
    offset: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A matrix-vector layer as it was built; `units` are the modules of it, the matrix first."""

    name: str
    op: str
    style: str
    rows: int
    columns: int
    pe: int
    simd: int
    cycles: int
    accumulator_bits: tuple[int, ...]
    luts_estimate: int
    brams_estimate: int
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What style and folding were chosen for: vectors a second at a clock, or a number of LUTs."""

    fps: int | None
    clock_mhz: float
    luts: int | None
    brams: int | None

    @property
    def interval_cycles(self) -> int | None:
        """Cycles between vectors that keep the throughput; None where LUTs were given."""
        return None if self.fps is None else int(round(self.clock_mhz * 1e6) / self.fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """design.json."""

    name: str
    top: str
    target: str
    clock: str
    accumulator: str
    latency_cycles: int
    interval_cycles: int
    ports: tuple[Port, ...]
    layers: tuple[BuiltLayer, ...]
    goal: Goal | None
    model_name: str
    metadata: Mapping[str, Any]
    hwgen_version: str


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


def read_design(folder: Path) -> Design:
    """Read design.json.

    Raises
    ------
    ModelError
        Where the folder holds no design, or the file is damaged.
    """
    path = folder / "design.json"
    if not path.is_file():
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        )
    fields = read_json(path, "hwgen build")
    ports, model = fields.child("ports"), fields.child("model")
    return Design(
        name=fields.text("name"),
        top=fields.text("top"),
        target=fields.text("target"),
        clock=fields.text("clock"),
        accumulator=fields.text("accumulator"),
        latency_cycles=fields.count("latency_cycles"),
        interval_cycles=fields.count("interval_cycles", least=1),
        ports=tuple(_port(ports.child(name), name) for name in ("s_axis", "m_axis")),
        layers=_layers(fields),
        goal=_goal(fields.optional_child("goal")),
        model_name=model.text("name"),
        metadata=model.mapping("metadata"),
        hwgen_version=fields.text("hwgen_version"),
    )


def _port(fields: JsonFields, name: str) -> Port:
    scale, offset = fields.optional_numbers("scale"), fields.optional_numbers("offset")
    counts = {len(scale), len(offset)}
    if (0 in counts and counts != {0}) or len(counts - {1}) > 1:
        raise ModelError(
            f"{fields.where}: scale and offset must have one number or one a channel, "
            f"not {len(scale)} and {len(offset)}; write the file again with `{fields.command}`"
        )
    return Port(
        name=name,
        tdata_bits=fields.count("tdata_bits"),
        beats=fields.count("beats"),
        lanes=fields.count("lanes"),
        type=fields.text("type"),
        elements=fields.count("elements"),
        meaning=fields.optional_text("meaning"),
        scale=scale,
        offset=offset,
    )


def _goal(fields: JsonFields | None) -> Goal | None:
    if fields is None:
        return None
    fps = fields.optional_count("fps")
    return Goal(
        fps=fps or None,
        clock_mhz=fields.optional_positive("clock_mhz") or 0.0,
        luts=fields.optional_count("luts"),
        brams=fields.optional_count("brams"),
    )


def _layers(fields: JsonFields) -> tuple[BuiltLayer, ...]:
    """Read the layers, each with the stages from its own up to the next layer's."""
    layers = fields.children("layers")
    names = [layer.text("name") for layer in layers]
    stages = [stage.text("name") for stage in fields.children("stages")]
    starts = [index for index, stage in enumerate(stages) if stage in names]
    if [stages[start] for start in starts] != names or starts[:1] != [0]:
        raise ModelError(
            f"{fields.where}: stages must start with the first layer and hold every layer in its "
            "order; write the file again with `hwgen build`"
        )
    ends = [*starts[1:], len(stages)]
    return tuple(
        _layer(layer, tuple(stages[start:end]))
        for layer, start, end in zip(layers, starts, ends, strict=True)
    )


def _layer(fields: JsonFields, units: tuple[str, ...]) -> BuiltLayer:
    return BuiltLayer(
        name=fields.text("name"),
        op=fields.text("op"),
        style=fields.text("style"),
        rows=fields.count("rows"),
        columns=fields.count("columns"),
        pe=fields.count("pe", least=1),
        simd=fields.count("simd", least=1),
        cycles=fields.count("cycles"),
        accumulator_bits=fields.counts("accumulator_bits"),
        luts_estimate=fields.count("luts_estimate"),
        brams_estimate=fields.count("brams_estimate"),
        units=units,
    )


def read_simulation(folder: Path) -> Simulation | None:
    """Read sim/result.json, or None where no simulation has been run."""
    path = folder / "sim" / "result.json"
    if not path.is_file():
        return None
    fields = read_json(path, "hwgen sim")
    tests = fields.child("tests")
    return Simulation(
        passed=fields.truth("passed"),
        simulator=fields.text("simulator"),
        tests={name: tests.optional_text(name) for name in tests.document},
        vectors=fields.optional_count("vectors"),
        latency_cycles=fields.optional_count("latency_cycles"),
        interval_cycles=fields.optional_count("interval_cycles"),
    )


def read_syntheses(folder: Path, design: Design) -> tuple[Synthesis, ...]:
    """Read every synth/TARGET.json, the design's own target first."""
    found = [
        _synthesis(read_json(path, f"hwgen synth --target {path.stem}"), path, design)
        for path in sorted((folder / "synth").glob("*.json"))
    ]
    return tuple(sorted(found, key=lambda s: (s.target != design.target, s.target)))


def _synthesis(fields: JsonFields, path: Path, design: Design) -> Synthesis:
    target, top = fields.text("target"), fields.text("top")
    if (target, top) != (path.stem, design.top):
        raise ModelError(
            f"{path}: must be {design.top} on {path.stem}, not {top} on {target}; "
            f"write the file again with `{fields.command}`"
        )
    units, tools = fields.child("per_layer"), fields.child("tools")
    glue, boundary = fields.optional_child("glue"), fields.optional_child("boundary")
    return Synthesis(
        target=target,
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
