"""`python -m training.grid RECIPE`: every method at every accumulator width, as one table.

Rows are written after each training, so an interrupted run keeps what it measured; the file's
rows are plain JSON, the table on stdout is Markdown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import torch
import typer
from rich.console import Console

from hwgen.bounds import data_type_bits
from hwgen.errors import HwgenError
from hwgen.files import write_beside
from hwgen.nn.weight_quant import Method
from hwgen.numeric import IntType
from training.loop import Epoch
from training.recipes import RECIPES, Recipe, RecipeName, load, with_method
from training.run import Figures, train_float, train_quantized

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)

Row = dict[str, object]


@app.command()
def main(
    recipe: Annotated[RecipeName, typer.Argument(help="What to train.")],
    acc_bits: Annotated[str, typer.Option(help="Accumulator widths, first-last.")] = "7-12",
    epochs: Annotated[int | None, typer.Option(help="Epochs of each training.")] = None,
    scratch: Annotated[bool, typer.Option(help="Do not start from the float network.")] = False,
    seeds: Annotated[int, typer.Option(help="Seeds 0, 1, ... of each training.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file of the rows.")] = None,
) -> None:
    """Train RECIPE with every method and width, and print accuracies of the integer networks."""
    torch.set_num_threads(threads)
    settings = replace(RECIPES[recipe], float_start=not scratch)
    if epochs is not None:
        settings = replace(settings, epochs=epochs, float_epochs=epochs)
    try:
        rows = measure(settings, _widths(acc_bits), seeds, data, out)
    except HwgenError as error:
        console.print(f"hwgen: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_status) from None
    print(markdown(rows))


def measure(
    settings: Recipe, widths: range, seeds: int, data: Path | None, out: Path | None
) -> list[Row]:
    """Train every combination; one float network for each seed."""
    dataset = load(settings, data)
    rows: list[Row] = []
    for seed in range(seeds):
        seeded = replace(settings, seed=seed)
        trained = train_float(seeded, dataset, _silent)
        for trial in _trials(seeded, widths):
            _, figures = train_quantized(trial, dataset, trained, _silent)
            rows.append(_row(figures))
            console.print(json.dumps(rows[-1]), soft_wrap=True)
            if out is not None:
                with write_beside(out) as partial:
                    partial.write_text(json.dumps(rows, indent=1) + "\n")
    return rows


def markdown(rows: list[Row]) -> str:
    """Accuracy and zero weights by width and method; means where there are several seeds."""
    methods = [method for method in get_args(Method) if method != "qat"]
    header = " | ".join(f"{m} | zeros" for m in methods)
    lines = [f"| P | {header} |", "|---" * (1 + 2 * len(methods)) + "|"]
    for bits in sorted({row["accumulator_bits"] for row in rows} - {None}, reverse=True):
        cells = [_cell(rows, method, bits) for method in methods]
        lines.append(f"| {bits} | {' | '.join(cells)} |")
    free = [row for row in rows if row["method"] == "qat"]
    lines.append(
        f"\nqat, unconstrained: {_mean(free, 'score_integer'):.2f} %, "
        f"{_mean(free, 'zeros_percent'):.0f} % zeros, "
        f"hidden accumulators {max(int(row['certified_bits']) for row in free)} bits as certified, "
        f"{free[0]['data_type_bits']} by the data types; "
        f"float: {_mean(free, 'score_float'):.2f} %."
    )
    return "\n".join(lines)


def _trials(settings: Recipe, widths: range) -> Iterator[Recipe]:
    yield with_method(settings, "qat", None)
    for method in get_args(Method):
        if method != "qat":
            yield from (with_method(settings, method, bits) for bits in widths)


def _row(figures: Figures) -> Row:
    recipe = figures.recipe
    hidden = figures.layers[1:-1]
    inputs = IntType(bits=recipe.activation_bits, signed=False)
    return {
        "recipe": recipe.name,
        "method": recipe.method,
        "accumulator_bits": recipe.accumulator_bits,
        "certified_bits": max(layer.accumulator_bits for layer in hidden),
        "data_type_bits": max(
            data_type_bits(layer.shape[1], inputs, recipe.weight_bits) for layer in hidden
        ),
        "weight_bits": recipe.weight_bits,
        "activation_bits": recipe.activation_bits,
        "float_start": recipe.float_start,
        "epochs": recipe.epochs,
        "seed": recipe.seed,
        "score_float": round(figures.score_float, 3),
        "score_integer": round(figures.score_integer, 3),
        "zeros_percent": round(figures.zeros_percent, 2),
        "hidden_l1_norm": sum(layer.l1_norm for layer in hidden),
        "repairs": figures.repairs,
    }


def _cell(rows: list[Row], method: str, bits: object) -> str:
    found = [row for row in rows if (row["method"], row["accumulator_bits"]) == (method, bits)]
    zeros = _mean(found, "zeros_percent")
    return f"{_mean(found, 'score_integer'):.2f} | {zeros:.0f} %"


def _mean(rows: list[Row], key: str) -> float:
    return sum(float(str(row[key])) for row in rows) / len(rows)


def _widths(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        widths = range(int(first), int(last or first) + 1)
    except ValueError:
        widths = range(0)
    if not widths or widths[0] < 2:
        raise HwgenError(f"acc-bits: must be a range of widths such as 7-12, not {text!r}")
    return widths


def _silent(epoch: Epoch) -> None:
    pass


if __name__ == "__main__":
    sys.exit(app())
