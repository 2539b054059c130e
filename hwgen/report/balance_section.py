"""Section of a report on the balance of the layers: cycles against the limit, and the goal."""

from __future__ import annotations

from hwgen.report.contents import Report
from hwgen.report.design_folder import Goal
from hwgen.report.folding import FOLDING, folding
from hwgen.report.layer_report import LayerReport
from hwgen.report.layer_sections import section
from hwgen.report.markup import (
    Column,
    Content,
    Markup,
    change,
    count,
    percent,
    table,
    tag,
)
from hwgen.report.svg import WIDTH, Scale, bottom_axis, line, plot, rect, text, ticks


def balance_section(report: Report) -> Markup:
    """Cycles of every layer against what limits the design, and estimates against synthesis."""
    figure = tag("figure", _plot(report))
    side = tag("div", _table(report), *(tag("p.note", note) for note in _notes(report)))
    return section("balance", "Balance of the layers", tag("div.pair", figure, side))


def _limit(report: Report) -> int:
    """Cycles that no layer may exceed: the goal's, or else the design's own interval."""
    goal = report.design.goal
    asked = None if goal is None else goal.interval_cycles
    return report.design.interval_cycles if asked is None else asked


def _plot(report: Report) -> Markup:
    """Draw a bar a layer, and a line at the limit."""
    limit = _limit(report)
    most = max(limit, *(layer.built.cycles for layer in report.layers))
    scale = Scale(low=0, high=most, start=1, end=WIDTH - 12)
    step, top = 40.0, 4.0
    bottom = top + step * len(report.layers)
    shapes = [
        bottom_axis(
            scale,
            ticks(most),
            bottom,
            "cycles a vector or map" if report.maps else "cycles a vector",
            top,
        )
    ]
    described = []
    for number, layer in enumerate(report.layers, 1):
        built, y = layer.built, top + step * (number - 1)
        label = f"{number}. {built.name}: {count(built.cycles)}"
        shapes.append(text(1, y + 12, label, "label.mark-text"))
        shapes.append(rect(1, y + 17, scale.at(built.cycles) - 1, 14, "mark", label))
        described.append(label)
    shapes.append(line(scale.at(limit), top, scale.at(limit), bottom, "total"))
    words = f"Cycles of each layer; {', '.join(described)}. The limit is {count(limit)}."
    return plot("balance", bottom + 34, "Cycles by layer", words, *shapes)


def _table(report: Report) -> Markup:
    target = report.design.target
    measured = all(target in layer.luts for layer in report.layers)
    columns = [
        Column(title="layer", number=False),
        Column(title="style", number=False),
        Column(title=FOLDING),
        Column(title="cycles"),
        Column(title="of the limit"),
        Column(title=f"LUTs estimated, {target}"),
        *([Column(title="LUTs, error of the estimate")] if measured else []),
    ]
    rows = [_row(report, number, layer, measured) for number, layer in enumerate(report.layers, 1)]
    return table("Cycles and estimates by layer", columns, rows)


def _row(report: Report, number: int, layer: LayerReport, measured: bool) -> list[Content]:
    built = layer.built
    cells: list[Content] = [
        f"{number}. {built.name}",
        built.style,
        "none" if layer.weights is None else folding(built),
        count(built.cycles),
        percent(built.cycles / _limit(report)),
        count(built.luts_estimate),
    ]
    if measured:
        luts = layer.luts[report.design.target].total
        error = change(built.luts_estimate, luts) if luts else "none"
        cells.append(f"{count(luts)} ({error})")
    return cells


def _notes(report: Report) -> list[str]:
    design = report.design
    slowest = max(report.layers, key=lambda layer: layer.built.cycles).built
    asked = _asked(design.goal)
    whole = "a vector, or a position of a map," if report.maps else "a vector"
    notes = [
        f"A {'map' if report.maps else 'vector'} every {count(design.interval_cycles)} cycles; "
        f"{slowest.name} limits. An unrolled layer takes {whole} every cycle and waits for the "
        f"others. The line in the plot is the {'goal' if asked else 'interval of the design'}."
    ]
    return [*notes, *_goal_notes(report)]


def _asked(goal: Goal | None) -> bool:
    return goal is not None and goal.interval_cycles is not None


def _goal_notes(report: Report) -> list[str]:
    """Say what was asked for, and whether the plan and the measured clock keep it."""
    design, goal = report.design, report.design.goal
    if goal is None:
        return []
    if goal.fps is None:
        brams = "" if goal.brams is None else f" and {count(goal.brams)} block RAMs"
        return [f"Goal: the fastest design within {count(goal.luts or 0)} LUTs{brams}."]
    planned = round(1e6 * goal.clock_mhz) / design.interval_cycles
    verdict = "met" if design.interval_cycles <= _limit(report) else "not met"
    notes = [
        f"Goal: {count(goal.fps)} vectors a second at {goal.clock_mhz:g} MHz, {verdict} by the "
        f"plan with {count(int(planned))}."
    ]
    placed = report.placed
    if placed is not None and placed.fmax_mhz is not None:
        reached = 1e6 * placed.fmax_mhz / design.interval_cycles
        notes.append(
            f"At the {placed.fmax_mhz:.1f} MHz that place and route found on {placed.target} it is "
            f"{count(int(reached))} a second."
        )
    return notes
