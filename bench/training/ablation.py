"""What each part of `a2q_ip` is worth: the parts left out or replaced, trained alike.

    python bench/training/ablation.py [--json] [--recipe fashion_mnist] [--acc-bits 9 7 5]
                                      [--seeds 1] [--out FILE] [VARIANT ...]

Accuracy of the exported integer network on the whole test set, after the last epoch. Rows that FILE
holds already are not trained again.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from bench.training.ablation_variants import VARIANTS, Annealed, Variant
from hwgen.files import write_beside
from hwgen.nn import QuantLinear
from training.build import quant_net
from training.data.dataset import TrainingData
from training.descent import quantized_descent
from training.loop import Epoch, calibration_steps, train
from training.recipes import RECIPES, Recipe, load
from training.run import measured, train_float
from training.start import start

Row = dict[str, object]


def measure(recipe: Recipe, dataset: TrainingData, trained: nn.Module, variant: Variant) -> float:
    """Train one variant; percent of the test set that its integer network gets right."""
    torch.manual_seed(recipe.seed)
    settings = replace(
        recipe,
        method=variant.method,
        backward=variant.backward,
        float_start=variant.float_start,
    )
    net = quant_net(settings, dataset, calibration_steps(dataset, settings))
    Annealed.steps = settings.epochs * math.ceil(len(dataset.train_x) / settings.batch)
    for module in net.modules():
        if isinstance(module, QuantLinear) and module.quant.method == variant.method:
            rows = module.weight.detach().flatten(1)
            module.quantizer = variant.build(module.quant, rows, module.inputs)
    if settings.float_start:
        start(net, trained, settings, dataset)
    train(net, dataset, settings, quantized_descent(settings), _silent)
    _, figures = measured(settings, dataset, net, trained)
    return figures.score_integer


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    torch.set_num_threads(1)
    rows = _known(arguments.out)
    dataset = load(RECIPES[arguments.recipe], None)
    base = replace(RECIPES[arguments.recipe], **json.loads(arguments.settings))
    for seed in range(arguments.seeds):
        recipe = replace(base, seed=seed)
        trained = train_float(recipe, dataset, _silent)
        cells = [(name, bits) for bits in arguments.acc_bits for name in arguments.variants]
        for name, bits in track(cells, f"seed {seed}", console=Console(stderr=True)):
            key = {
                "recipe": recipe.name,
                "variant": name,
                "accumulator_bits": bits,
                "seed": seed,
                "settings": arguments.settings,
            }
            if any(key.items() <= row.items() for row in rows):
                continue
            cell = replace(recipe, accumulator_bits=bits)
            rows.append({**key, "accuracy": measure(cell, dataset, trained, VARIANTS[name])})
            if arguments.out is not None:
                with write_beside(arguments.out) as partial:
                    partial.write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.json:
        sys.stdout.write(json.dumps({"rows": rows, "torch": torch.__version__}, indent=1) + "\n")
    else:
        Console().print(table(rows))


def table(rows: list[Row]) -> Table:
    """Mean accuracy by variant and width."""
    widths = sorted({row["accumulator_bits"] for row in rows}, reverse=True)
    found = Table("variant", *(f"P = {bits}" for bits in widths))
    for name in dict.fromkeys(row["variant"] for row in rows):
        cells = []
        for bits in widths:
            scores = [
                float(str(row["accuracy"]))
                for row in rows
                if (row["variant"], row["accumulator_bits"]) == (name, bits)
            ]
            cells.append(f"{mean(scores):.2f}" if scores else "")
        found.add_row(str(name), *cells)
    return found


def _known(out: Path | None) -> list[Row]:
    return json.loads(out.read_text()) if out is not None and out.exists() else []


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--recipe", default="fashion_mnist")
    parser.add_argument("--acc-bits", type=int, nargs="+", default=[9, 7, 5])
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0, 1, ...")
    parser.add_argument("--settings", default="{}", help="fields of the recipe, as JSON")
    parser.add_argument("--out", type=Path, help="JSON file of the rows")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.variants:
        if name not in VARIANTS:
            parser.error(f"VARIANT: must be one of {', '.join(VARIANTS)}, not {name!r}")
    return arguments


def _silent(epoch: Epoch) -> None:
    pass


if __name__ == "__main__":
    main()
