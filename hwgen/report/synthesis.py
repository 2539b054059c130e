"""Text for the terminal: one synthesis; what holds of a design, and its layers."""

from __future__ import annotations

import shlex
from pathlib import Path
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


def report_text(document: dict[str, Any], folder: Path) -> Group:
    """Show a report.json: the verdict on each check, failures first, then the layers.

    Parameters
    ----------
    document
        The report.
    folder
        The design folder as the user named it, which its commands name here too.
    """
    lines = [f"{document['model']['name']}: {_verdicts(document)}", *_reasons(document, folder)]
    lines += _accuracies(document["accuracy_percent"])
    lines += map(_board, document["boards"])
    missing = [
        f"{part} not known yet: {_typed(how, folder)}" for part, how in document["missing"].items()
    ]
    rest = [*_width_lines(document), *missing]
    return Group(*map(_line, lines), layer_table(document), *map(_line, rest))


def _accuracies(found: dict[str, Any]) -> list[str]:
    """Say how accurate the integer network is, where that is known, and on what."""
    real = "" if found["float"] is None else f" (float {found['float']:.4g} %)"
    whole = [(found["integer"], "the test set, by the model's metadata")]
    measured = [(one["percent"], one["on"]) for one in found["measured"]]
    known = [(percent, what) for percent, what in whole if percent is not None] or measured
    return [f"accuracy: {percent:.4g} % on {what}{real}" for percent, what in known]


def _board(found: dict[str, Any]) -> str:
    """Say what bitstream there is: its file and size, its clock, and what it takes of the part."""
    best = "" if found["fmax_mhz"] is None else f" ({found['fmax_mhz']:.1f} MHz reached)"
    cells = "" if found["cells"] is None else f"{found['cells']:,} cells, "
    return (
        f"board {found['name']}: {found['file']}, {found['size']:,} bytes; {found['part']} at "
        f"{found['clock_mhz']:g} MHz{best}; {cells}{found['brams']} block RAMs"
    )


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ignore")


def _typed(command: str, folder: Path) -> str:
    """Give a command on the folder as it is typed here; a page names the folder without a path."""
    words = shlex.split(command)
    if words[0] != "hwgen":
        return command
    words[words.index("--design") + 1 if "--design" in words else 2] = str(folder)
    return shlex.join(words)


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


def _reasons(document: dict[str, Any], folder: Path) -> list[str]:
    """Say what failed, what was changed since the build and what to run again, a line each."""
    checks = _by_state(document)
    lines = [f"{name} failed: {check['reason']}" for name, check in checks["failed"]]
    if document["files"]["problem"] is not None:
        lines.append(f"changed since the build: {document['files']['problem']}")
    lines += [
        f"{name} is stale: {check['reason']}; run `{_typed(check['command'], folder)}` again"
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
    """Show the layers of a report.json: shape, sparsity, cycles, accumulator bits, LUTs.

    The bits are those of the registers as built, what their sums are certified to keep, and what
    the types of inputs and weights would need.
    """
    targets = [target["target"] for target in document["targets"]]
    has_maps = any(layer["maps"] for layer in document["layers"])
    columns = ("shape", "PE x SIMD", "zero", "cycles", "acc bits", "certified", "data type")
    what = ("op", "map") if has_maps else ()
    table = _table("", "layer", (*what, *columns, *(f"LUTs {target}" for target in targets)))
    for layer in document["layers"]:
        luts = [_luts(layer["luts"].get(target)) for target in targets]
        own = [layer["op"], "x".join(map(str, layer["positions"]))] if has_maps else []
        _add(table, layer["name"], [*own, *_sums_cells(layer), *luts])
    return table


def _width_lines(document: dict[str, Any]) -> list[str]:
    """Say what the three numbers of bits are, where a layer has them."""
    widths = [x["accumulator_bits"] for x in document["layers"] if x["accumulator_bits"]]
    if not widths:
        return []
    lines = [
        "acc bits: registers as built; certified: what the exact range of the sums needs; "
        "data type: what the types of inputs and weights would need"
    ]
    pairs = [pair for bits in widths for pair in zip(bits["built"], bits["offset"], strict=True)]
    if any(built > certified for built, certified in pairs):
        lines.append(
            "a register has more bits than certified where channels share it, where they are "
            "compared (argmax), or where --accumulator asked for it"
        )
    return lines


def _sums_cells(layer: dict[str, Any]) -> list[str]:
    """Give the cells of a layer's matrix; one without weights has nothing but cycles."""
    bits, cycles = layer["accumulator_bits"], _count(layer["cycles"])
    if bits is None:
        return ["-", "-", "-", cycles, "-", "-", "-"]
    folded = ("pe", "simd", "pixels")[: 3 if layer["pixels"] > 1 else 2]
    return [
        f"{layer['rows']}x{layer['columns']}",
        "x".join(str(layer[key]) for key in folded),
        f"{layer['weights']['sparsity']:.1%}",
        cycles,
        _span(bits["built"]),
        _span(bits["offset"]),
        str(bits["data_type"]),
    ]


def _span(bits: list[int]) -> str:
    """Give the bits of the channels: one number where all have as many."""
    low, high = min(bits), max(bits)
    return str(high) if low == high else f"{low}-{high}"


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
