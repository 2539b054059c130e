"""Text for the terminal: one synthesis; what holds of a design, and its layers."""

from __future__ import annotations

from typing import Any

from rich.console import Group
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


def report_text(document: dict[str, Any]) -> Group:
    """Show a report.json: the verdict on each check, failures first, then the layers."""
    lines = [f"{document['model']['name']}: {_verdicts(document)}", *_reasons(document)]
    table = layer_table(document)
    return Group(*(Text(line, no_wrap=True, overflow="ignore") for line in lines), table)


def _verdicts(document: dict[str, Any]) -> str:
    """Sum up every check and the accumulators in one line, what is wrong first."""
    checks = _by_state(document)
    failed = [f"{name} FAILED" for name, _ in checks["failed"]]
    failed += ["ACCUMULATORS CAN OVERFLOW"] * (document["overflow"]["impossible"] is False)
    stale = [f"{name} STALE ({check['reason']})" for name, check in checks["stale"]]
    passed = [f"{name} passed" for name, _ in checks["passed"]]
    passed += ["no accumulator can overflow"] * (document["overflow"]["impossible"] is True)
    open_ones = [name for name, _ in checks["not run"]]
    not_run = [f"not run: {', '.join(open_ones)}"] * bool(open_ones)
    return "; ".join([*failed, *stale, *passed, *not_run])


def _reasons(document: dict[str, Any]) -> list[str]:
    """Say what failed, what was changed since the build and what to run again, a line each."""
    checks = _by_state(document)
    lines = [f"{name} failed: {check['reason']}" for name, check in checks["failed"]]
    if document["files"]["problem"] is not None:
        lines.append(f"changed since the build: {document['files']['problem']}")
    lines += [
        f"{name} is stale: {check['reason']}; run `{check['command']}` again"
        for name, check in checks["stale"]
    ]
    return lines


def _by_state(document: dict[str, Any]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Give the checks in each state, each with its name, the syntheses one by one."""
    checks = dict(document["checks"])
    synthesis = {f"synthesis {target}": c for target, c in checks.pop("synthesis").items()}
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {
        state: [] for state in ("failed", "stale", "passed", "not run")
    }
    for name, check in (checks | synthesis).items():
        found[check["state"]].append((name, check))
    return found


def layer_table(document: dict[str, Any]) -> Table:
    """Show the layers of a report.json: shape, sparsity, cycles, accumulator bits, LUTs."""
    targets = [target["target"] for target in document["targets"]]
    has_maps = any(layer["maps"] for layer in document["layers"])
    columns = ("shape", "PE x SIMD", "zero", "cycles", "acc bits", "data type")
    what = ("op", "map") if has_maps else ()
    table = _table("", "layer", (*what, *columns, *(f"LUTs {target}" for target in targets)))
    for layer in document["layers"]:
        luts = [_luts(layer["luts"].get(target)) for target in targets]
        own = [layer["op"], "x".join(map(str, layer["positions"]))] if has_maps else []
        _add(table, layer["name"], [*own, *_sums_cells(layer), *luts])
    missing = [f"{part} not known yet: {how}" for part, how in document["missing"].items()]
    if missing:
        table.caption = Text("\n".join(missing))
    return table


def _sums_cells(layer: dict[str, Any]) -> list[str]:
    """Give the cells of a layer's matrix; one without weights has nothing but cycles."""
    bits, cycles = layer["accumulator_bits"], _count(layer["cycles"])
    if bits is None:
        return ["-", "-", "-", cycles, "-", "-"]
    built = bits["built"]
    folded = ("pe", "simd", "pixels")[: 3 if layer["pixels"] > 1 else 2]
    return [
        f"{layer['rows']}x{layer['columns']}",
        "x".join(str(layer[key]) for key in folded),
        f"{layer['weights']['sparsity']:.1%}",
        cycles,
        f"{min(built)}-{max(built)}",
        str(bits["data_type"]),
    ]


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
