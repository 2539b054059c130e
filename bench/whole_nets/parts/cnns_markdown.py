"""The rows of `bench/whole_nets/convolutional.py` as the tables of docs/convolution.md."""

from __future__ import annotations

from bench.shared.row_file import Row

DESIGNS = (
    "design",
    "accuracy",
    "multipliers",
    "cycles, latency",
    "xc7 LUTs (estimate)",
    "block RAMs",
    "ecp5 LUTs (estimate)",
    "block RAMs",
    "MHz",
    "frames a second",
)
CHECKS = ("design", "vectors equal", "latency and interval", "s", "proved", "s")


def markdown(rows: list[Row]) -> str:
    """Give a line for each design, xc7 beside ecp5, or for each one that was checked."""
    if all(row["measure"] == "checks" for row in rows):
        lines = [CHECKS, ("---",) * len(CHECKS), *map(_checks, rows)]
    else:
        found: dict[str, dict[str, Row]] = {}
        for row in rows:
            found.setdefault(str(row["case"]), {})[str(row["target"])] = row
        lines = [DESIGNS, ("---",) * len(DESIGNS), *map(_design, found.values())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _design(rows: dict[str, Row]) -> tuple[str, ...]:
    known, placed = next(iter(rows.values())), rows.get("ecp5", {})
    here = [rows[target] for target in ("xc7", "ecp5") if target in rows]
    cycles = [f"{row['interval_cycles']:,}, {row['latency_cycles']:,}" for row in here]
    fits = [" ".join(map(str, row["multipliers"])) for row in here]
    return (
        str(known["case"]),
        f"{known['accuracy']:.1f}",
        " / ".join(dict.fromkeys(fits)) if known["fps"] else "all",
        " / ".join(dict.fromkeys(cycles)),
        *_counts(rows.get("xc7", {})),
        *_counts(placed),
        str(placed.get("fmax_mhz", "-")),
        f"{placed['frames_a_second']:,}" if placed.get("frames_a_second") else "-",
    )


def _counts(row: Row) -> tuple[str, str]:
    if not row:
        return "-", "-"
    if "luts" not in row:
        return f"({row['planned_luts']:,})", f"({row['planned_brams']})"
    return f"{row['luts']:,} ({row['planned_luts']:,})", str(row["brams"])


def _checks(row: Row) -> tuple[str, ...]:
    return (
        str(row["case"]),
        f"{row['vectors']}" if row["simulated"] else "differ",
        "as planned" if row["as_planned"] else "not as planned",
        f"{row['simulated_s']:.0f}",
        str(row.get("not_proved", "yes" if row.get("proved") else "no")),
        f"{row['proved_s']:.0f}",
    )
