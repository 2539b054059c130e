"""The rows of `layers.py` as tables of docs/convolution.md, with their medians."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

from bench.convolution.cases import SUITE
from bench.shared.row_file import Row

Cells = tuple[str, ...]
UNROLLED = (
    "layer",
    "nonzero weights",
    "accumulator bits",
    "LUTs, ours / 32 bits",
    "of these windows",
    "block RAMs",
    "cycles a frame",
)
FOLDED = (
    "layer",
    "LUTs, ours / dense 32",
    "block RAMs",
    "cycles a frame",
    "over the bound",
    "LUTs x cycles, of dense",
    "FINN: LUTs, cycles",
)


def markdown(rows: list[Row]) -> str:
    """Give a table for each style and target, the clock where it was measured, and medians."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[str(row["measure"]), str(row["target"])].append(row)
    return "\n\n".join(
        f"{measure}, {target}:\n\n{_table(found, measure)}\n\n{_medians(found)}"
        for (measure, target), found in groups.items()
    )


def _table(rows: list[dict[str, Any]], measure: str) -> str:
    folded = measure.startswith("folded")
    clock = any("fmax_mhz" in row for row in rows)
    head = (*(FOLDED if folded else UNROLLED), *(("MHz",) if clock else ()))
    lines = [head, ("---",) * len(head)]
    for row in rows:
        cells = _folded(row) if folded else _unrolled(row)
        lines.append((*cells, *((str(row.get("fmax_mhz") or "-"),) if clock else ())))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _unrolled(row: dict[str, Any]) -> Cells:
    return (
        SUITE[row["case"]].title,
        f"{row['nonzero']:,}",
        str(row["accumulator_bits"]),
        _both(row, "ours", "baseline"),
        f"{row['front_luts']:,}",
        _both(row, "brams", "brams_baseline"),
        f"{row['cycles']:,}",
    )


def _folded(row: dict[str, Any]) -> Cells:
    return (
        SUITE[row["case"]].title,
        _both(row, "ours", "baseline"),
        _both(row, "brams", "brams_baseline"),
        _both(row, "cycles", "cycles_baseline"),
        f"{row['over_bound']:.2f}",
        f"{row['ratio']:.3f}",
        f"{row['finn_luts']:,}, {row['finn_cycles']:,}",
    )


def _both(row: dict[str, Any], ours: str, baseline: str) -> str:
    return f"{row[ours]:,} / {row[baseline]:,}"


def _medians(rows: list[dict[str, Any]]) -> str:
    by_zeros: dict[float, list[float]] = defaultdict(list)
    for row in rows:
        by_zeros[SUITE[row["case"]].zeros].append(row["ratio"])
    shares = [f"{median(by_zeros[z]):.3f} at {100 * z:.0f} % zeros" for z in sorted(by_zeros)]
    lines = [f"Median of LUTs x cycles over those of 32 bits: {', '.join(shares)}."]
    for what, estimate, luts in (
        ("ours", "estimate", "ours"),
        ("32 bits", "estimate_baseline", "baseline"),
    ):
        errors = [row[estimate] / row[luts] - 1 for row in rows if row.get(estimate)]
        if errors:
            reach = f"{100 * min(errors):+.0f} to {100 * max(errors):+.0f} %"
            size = f"median {100 * median(map(abs, errors)):.0f} %"
            lines.append(f"Errors of estimates, {what}: {reach}, {size}, {len(errors)} layers.")
    return "\n".join(lines)
