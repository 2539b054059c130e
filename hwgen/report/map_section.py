"""Section of a report on feature maps: how large they are, and what windows and poolings take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hwgen.report.contents import Report
from hwgen.report.design_folder import BuiltUnit, LineMemory
from hwgen.report.layer_report import LayerReport
from hwgen.report.layer_sections import section
from hwgen.report.markup import TIMES, UNIT_SPACE, Column, Content, Markup, count, table, tag
from hwgen.report.results import Synthesis

MEMORIES = {"lut": "LUTs", "block": "block RAM"}
NOTES = (
    "A map travels row by row, in unrolled layers a position a beat with all channels side by "
    "side. The table follows the data; each line is a unit, or the matrix of a layer and what "
    "follows it.",
    "Windows show each position the pixels around it. Their memory holds rows, and pixels that "
    "wait while the last windows of a frame end. Only pixels that some weight reads are stored.",
    "A folded convolution reads its windows out of the rows: each multiplier that reads at a place "
    "of its own has a copy of them. A smaller memory holds columns until a word of them is whole.",
    "Where a map is padded, the sums at its borders have fewer inputs. A class of positions is a "
    "set of inputs that lie inside the map; accumulators and thresholds hold for all classes.",
)


def maps_section(report: Report) -> Markup:
    """Follow the maps through the design."""
    columns = [
        Column(title="unit", number=False),
        Column(title="kind", number=False),
        Column(title="windows, stride", number=False),
        Column(title=f"map behind it, channels {TIMES} rows {TIMES} columns"),
        Column(title="positions"),
        Column(title="classes at borders"),
        Column(title="memories", number=False),
        *(Column(title=f"LUTs, {s.target}") for s in report.syntheses),
        *(Column(title=f"block RAMs, {s.target}") for s in report.syntheses),
    ]
    rows = [
        row
        for number, layer in enumerate(report.layers, 1)
        for row in _layer_rows(number, layer, report.syntheses)
    ]
    caption = "Feature maps and the units in front of each matrix"
    notes = (tag("p.note", note) for note in NOTES)
    return section("maps", "Feature maps", table(caption, columns, rows), *notes)


def _layer_rows(
    number: int, layer: LayerReport, syntheses: tuple[Synthesis, ...]
) -> Iterator[list[Content]]:
    """Give a line for each unit in front of a layer's matrix, and one for the rest."""
    built = layer.built
    for unit in built.front:
        yield [
            f"{number}. {unit.name}",
            _kind(unit),
            _windows(unit),
            *_map(unit),
            "",
            _memories(unit),
            *_taken((unit,), syntheses),
        ]
    matrix = built.units[len(built.front)]
    yield [
        f"{number}. {built.name}",
        f"{built.op}, {built.style}",
        _windows(matrix),
        *_map(built.units[-1]),
        count(layer.classes),
        _memories(matrix),
        *_taken(built.units[len(built.front) :], syntheses),
    ]


def _kind(unit: BuiltUnit) -> str:
    if unit.pool is not None:
        return f"{unit.pool}_pool2d"
    return "windows" if unit.op == "WindowBuffer" else unit.op


def _windows(unit: BuiltUnit) -> str:
    if unit.kernel is None or unit.stride is None:
        return ""
    pairs = (unit.kernel, unit.stride)
    return ", ".join(f"{a}{UNIT_SPACE}{TIMES}{UNIT_SPACE}{b}" for a, b in pairs)


def _map(unit: BuiltUnit) -> tuple[str, str]:
    """Size of the map that leaves a unit, and its positions; of windows every pixel is a lane."""
    rows, columns = unit.image
    channels = f"{count(unit.channels)}{' pixels' if unit.op == 'WindowBuffer' else ''}"
    return f"{channels} {TIMES} {rows} {TIMES} {columns}", count(rows * columns)


def _memories(unit: BuiltUnit) -> str:
    """Name the memories of a unit, equal ones once."""
    counts = Counter(unit.memories)
    alike = [f"{n} {TIMES} {_memory(m)}" if n > 1 else _memory(m) for m, n in counts.items()]
    return "; ".join(alike) or "none"


def _memory(memory: LineMemory) -> str:
    kind = MEMORIES.get(memory.kind, memory.kind)
    words = "word" if memory.words == 1 else "words"
    return f"{count(memory.words)} {words} of {count(memory.bits)} bits in {kind}"


def _taken(units: tuple[BuiltUnit, ...], syntheses: tuple[Synthesis, ...]) -> list[str]:
    """LUTs on each target, then block RAMs on each."""
    cells = []
    for read in ("luts", "brams"):
        for synthesis in syntheses:
            found = [synthesis.units.get(unit.name) for unit in units]
            known = [getattr(counts, read) for counts in found if counts is not None]
            cells.append(count(sum(known)) if len(known) == len(found) else "not kept apart")
    return cells
