"""The rows of `bench/folded/units.py` as the table of docs/folded.md."""

from __future__ import annotations

from bench.shared.row_file import Row

HEAD = (
    "layer",
    "target",
    "LUTs, ours / dense",
    "block RAMs",
    "cycles (bound)",
    "LUTs x cycles",
    "with block RAMs at their price",
    "MHz, ours / dense",
)


def markdown(rows: list[Row]) -> str:
    """Give a line for each layer and target, ours beside dense mode."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_line, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(row: Row) -> tuple[str, ...]:
    ours, dense = row["ours"], row["baseline"]
    clocks = [unit["fmax_mhz"] for unit in (ours, dense)]
    return (
        str(row["case"]),
        str(row["target"]),
        f"{ours['luts']:,} / {dense['luts']:,}",
        f"{ours['brams']} / {dense['brams']}",
        f"{ours['cycles']:,} / {dense['cycles']:,} ({row['bound_cycles']:,})",
        f"{row['ratio']:.3f}",
        f"{row['priced_ratio']:.3f}",
        "not placed" if None in clocks else " / ".join(f"{clock:.1f}" for clock in clocks),
    )
