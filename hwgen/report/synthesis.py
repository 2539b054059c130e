"""Tables for the terminal: one synthesis, and the layers of a report."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

COUNTS = ("luts", "ffs", "carries", "brams", "dsps")


def synthesis_table(document: dict[str, Any]) -> Table:
    """Show the document of a synth/TARGET.json: parts, then the whole."""
    clock = document["fmax_mhz"]
    speed = "not placed" if clock is None else f"{clock:.1f} MHz on {document['part']}"
    table = _table(f"{document['top']} on {document['target']}: {speed}", "part", COUNTS)
    for name, counts in document["per_layer"].items():
        _add(table, name, [_count(counts[key]) for key in COUNTS])
    for name, label in (("glue", "glue"), ("boundary", "across borders")):
        if document[name] is not None:
            _add(table, label, [_count(document[name][key]) for key in COUNTS])
    table.add_section()
    _add(table, "whole design", [_count(document[key]) for key in COUNTS])
    if document["note"] is not None:
        table.caption = Text(document["note"])
    return table


def layer_table(document: dict[str, Any]) -> Table:
    """Show the layers of a report.json: shape, sparsity, cycles, accumulator bits, LUTs."""
    targets = [target["target"] for target in document["targets"]]
    columns = ("shape", "PE x SIMD", "zero", "cycles", "acc bits", "data type")
    title = f"{document['model']['name']}: {_state(document)}"
    table = _table(title, "layer", (*columns, *(f"LUTs {target}" for target in targets)))
    for layer in document["layers"]:
        bits = layer["accumulator_bits"]
        built = bits["built"]
        cells = [
            f"{layer['rows']}x{layer['columns']}",
            f"{layer['pe']}x{layer['simd']}",
            f"{layer['weights']['sparsity']:.1%}",
            _count(layer["cycles"]),
            f"{min(built)}-{max(built)}",
            str(bits["data_type"]),
            *(_luts(layer["luts"].get(target)) for target in targets),
        ]
        _add(table, layer["name"], cells)
    missing = [f"{part} not known yet: {how}" for part, how in document["missing"].items()]
    if missing:
        table.caption = Text("\n".join(missing))
    return table


def _state(document: dict[str, Any]) -> str:
    """Sum up the two verdicts of a report."""
    overflow = "no accumulator can overflow"
    if not document["overflow"]["impossible"]:
        overflow = "ACCUMULATORS CAN OVERFLOW"
    run = document["simulation"]
    if run is None:
        return f"{overflow}; not simulated"
    return f"{overflow}; simulation {'passed' if run['passed'] else 'FAILED'}"


def _table(title: str, first: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=Text(title), title_justify="left", caption_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _add(table: Table, first: str, cells: list[str]) -> None:
    """Add a row; names are plain text, in which brackets mean nothing."""
    table.add_row(Text(first), *map(Text, cells))


def _count(value: int) -> str:
    return f"{value:,}"


def _luts(luts: dict[str, Any] | None) -> str:
    return "-" if luts is None else _count(luts["total"])
