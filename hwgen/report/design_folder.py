"""design.json, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.json_fields import JsonFields, read_design_json


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
    image: tuple[int, int]
    meaning: str | None
    scale: tuple[float, ...]
    offset: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMemory:
    """A memory of a unit that sees more of a map than one position; `kind` is lut or block."""

    words: int
    bits: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltUnit:
    """A module: its kind, and the map that leaves it, `image` being (1, 1) for a vector.

    `channels` are those of a pixel, which may come in several beats of `lanes`.

    `kernel` and `stride` are those of windows, None where each position stands alone; `pool` is max
    or sum, None where nothing is pooled.
    """

    name: str
    op: str
    image: tuple[int, int]
    lanes: int
    channels: int
    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None
    pool: str | None
    memories: tuple[LineMemory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A matrix-vector layer as it was built; `units` are its modules, the matrix named as it.

    `pixels` windows side by side are summed at once, on PE x SIMD multipliers each.
    """

    name: str
    op: str
    style: str
    rows: int
    columns: int
    pe: int
    simd: int
    pixels: int
    cycles: int
    accumulator_bits: tuple[int, ...]
    luts_estimate: int
    brams_estimate: int
    units: tuple[BuiltUnit, ...]

    @property
    def unit_names(self) -> tuple[str, ...]:
        """The names of its modules, in the order of the data."""
        return tuple(unit.name for unit in self.units)

    @property
    def front(self) -> tuple[BuiltUnit, ...]:
        """The modules in front of the matrix."""
        return self.units[: self.unit_names.index(self.name)]


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
    subpixel: tuple[str, ...]
    model_name: str
    metadata: Mapping[str, Any]
    hwgen_version: str


def read_design(folder: Path) -> Design:
    """Read design.json.

    Raises
    ------
    ModelError
        Where the folder holds no design, or the file is damaged.
    """
    fields = read_design_json(folder)
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
        subpixel=() if "subpixel" not in fields.document else fields.texts("subpixel"),
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
        image=fields.optional_pair("image") or (1, 1),
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
    """Read the layers, each with its stages."""
    layers = fields.children("layers")
    names = [layer.text("name") for layer in layers]
    units: dict[str, list[BuiltUnit]] = {}
    for stage in fields.children("stages"):
        units.setdefault(stage.text("layer"), []).append(_unit(stage))
    own = [[unit.name for unit in found].count(name) for name, found in units.items()]
    if list(units) != names or own != [1] * len(names):
        raise ModelError(
            f"{fields.where}: stages must follow the layers, and each layer have one of its name; "
            "write the file again with `hwgen build`"
        )
    return tuple(_layer(layer, tuple(units[layer.text("name")])) for layer in layers)


def _unit(fields: JsonFields) -> BuiltUnit:
    """Read a stage; folders of a release without maps say of none what leaves it."""
    memories = () if "memories" not in fields.document else fields.children("memories")
    return BuiltUnit(
        name=fields.text("name"),
        op=fields.text("op"),
        image=fields.optional_pair("image") or (1, 1),
        lanes=fields.optional_count("lanes") or 0,
        channels=fields.optional_count("channels") or fields.optional_count("lanes") or 0,
        kernel=fields.optional_pair("kernel"),
        stride=fields.optional_pair("stride"),
        pool=fields.optional_text("pool"),
        memories=tuple(
            LineMemory(words=m.count("words"), bits=m.count("bits"), kind=m.text("kind"))
            for m in memories
        ),
    )


def _layer(fields: JsonFields, units: tuple[BuiltUnit, ...]) -> BuiltLayer:
    return BuiltLayer(
        name=fields.text("name"),
        op=fields.text("op"),
        style=fields.text("style"),
        rows=fields.count("rows"),
        columns=fields.count("columns"),
        pe=fields.count("pe", least=1),
        simd=fields.count("simd", least=1),
        pixels=fields.optional_count("pixels") or 1,
        cycles=fields.count("cycles"),
        accumulator_bits=fields.counts("accumulator_bits"),
        luts_estimate=fields.count("luts_estimate"),
        brams_estimate=fields.count("brams_estimate"),
        units=units,
    )
