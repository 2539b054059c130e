"""The rows of `bench/whole_nets/four_nets.py` as the tables of docs/four_nets.md."""

from __future__ import annotations

from bench.shared.row_file import Row
from bench.whole_nets.parts.cnns_markdown import markdown as checks_markdown

DESIGNS = (
    "weights",
    "score",
    "of float",
    "zeros",
    "registers, bits",
    "cycles a frame",
    "LUTs",
    "estimate",
    "block RAMs",
    "LUTs x cycles, baseline over this one",
    "LUTs by FINN's formulas",
)
Cost = tuple[int, int]  # LUTs with block RAMs at their price, cycles a frame


def markdown(rows: list[Row]) -> str:
    """Give a table for each net and target, the baseline first; or the checks."""
    if all(row["measure"] == "checks" for row in rows):
        return checks_markdown(rows)
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        tables.setdefault((_net(row), str(row["fps"]), str(row["target"])), []).append(row)
    return "\n\n".join(_table(net, target, found) for (net, _, target), found in tables.items())


def _net(row: Row) -> str:
    return str(row["case"]).split(" ", 1)[0]


def _table(net: str, target: str, rows: list[Row]) -> str:
    baseline = next((row for row in rows if "--no-skip" in str(row["options"])), None)
    lines = [DESIGNS, ("---",) * len(DESIGNS), *(_line(row, baseline) for row in rows)]
    goal = f"{net}, {target}, {rows[0]['fps']:,} frames a second at 100 MHz"
    return "\n".join([f"{goal}:", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _line(row: Row, baseline: Row | None) -> tuple[str, ...]:
    metric = "psnr" if "psnr" in row else "accuracy"
    how = str(row["model"]).split(" ", 1)[1].replace("_plus", "+")
    form = "qat, 32 bits, dense" if row is baseline else f"{how}, exact, zeros skipped"
    weights, nonzero = int(str(row["weights"])), int(str(row["nonzero"]))
    bits = row["register_bits"]
    assert isinstance(bits, list)
    return (
        form,
        f"{row[metric]:.2f} dB" if metric == "psnr" else f"{row[metric]:.2f} %",
        f"{row['share_of_float']} %",
        f"{100 * (1 - nonzero / weights):.0f} %",
        f"{min(bits)} to {max(bits)}",
        f"{row['interval_cycles']:,}",
        f"{row['luts']:,}" if "luts" in row else "-",
        f"{row['planned_luts']:,}",
        str(row.get("brams", f"({row['planned_brams']})")),
        _factor(row, baseline),
        "-" if row.get("finn_luts") is None else f"({row['finn_luts']:,})",
    )


def _factor(row: Row, baseline: Row | None) -> str:
    """Ratio of LUTs x cycles, block RAMs at their price; both sides counted or both estimated."""
    if baseline is None:
        return "-"
    kind = "priced_luts" if "priced_luts" in row and "priced_luts" in baseline else ""
    kind = kind or "planned_priced_luts"
    ours, theirs = _work(row, kind), _work(baseline, kind)
    text = f"{theirs / ours:.2f}"
    return text if kind == "priced_luts" else f"({text})"


def _work(row: Row, kind: str) -> int:
    return int(str(row[kind])) * int(str(row["interval_cycles"]))
