"""The front as text: while the search runs, and as its result."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from training.explore.finish import Built
from training.explore.front import Point
from training.explore.goal import Goal
from training.recipe import ROUNDED_INPUTS, Recipe


def front_table(points: Sequence[Point]) -> Table:
    """Give the front so far, on the samples held out."""
    table = Table(title="front so far, on training samples held out", title_justify="left")
    for heading in ("LUTs planned", "accuracy %", "cross entropy"):
        table.add_column(heading, justify="right")
    table.add_column("network")
    for found in points:
        cells = (f"{found.luts:,.0f}", f"{found.accuracy:.2f}", f"{found.loss:.4f}")
        table.add_row(*cells, described(found.recipe))
    return table


def described(recipe: Recipe) -> str:
    """Say in which settings the networks of a search differ."""
    shape = "-".join(map(str, recipe.widths)) if recipe.widths else f"width {recipe.width:g}"
    units = "-".join(map(str, recipe.units or ()))
    inputs = f", inputs {recipe.input_bits} bits" if recipe.name in ROUNDED_INPUTS else ""
    return f"{shape}, units {units}, activations {recipe.activation_bits} bits{inputs}"


def markdown(
    points: Sequence[Built], files: Sequence[str], recipe: Recipe, goal: Goal, command: str
) -> str:
    """Give the table of the result; `command` is what searched."""
    asked = f"at most {goal.max_luts:,} LUTs" if goal.fps is None else f"{goal.fps:,} vectors/s"
    lines = [
        f"# {recipe.name} on {goal.target}, {asked}",
        "",
        f"    {command}",
        "",
        "Accuracy on the test set, mean of fresh seeds and from the lowest to the highest; LUTs as "
        "synthesised, and as planned.",
        "",
        "| model | accuracy % | range | LUTs | planned | block RAMs | network |",
        "|---|---|---|---|---|---|---|",
    ]
    for point, file in zip(points, files, strict=True):
        entry = point.to_json(file, goal)
        lines.append(
            f"| {file} | {entry['score_mean']:.2f} | {entry['score_low']:.2f} to "
            f"{entry['score_high']:.2f} | {point.luts:,} | {entry['luts_planned']:,} | "
            f"{point.brams:g} | {described(point.tested.recipe)} |"
        )
    largest = files[-1]
    build = f"    hwgen build {largest} -o {largest.removesuffix('.pt')} {goal.build}"
    return "\n".join(
        [*lines, "", "A point is built in the folder of this file, such as by", "", build, ""]
    )
