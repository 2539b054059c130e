"""Accuracy without retraining: our fit against accumulator-aware OPTQ and GPFQ, at equal P.

    python bench/training/post_training.py [--json] [--recipes NAME ...] [--acc-bits 6-10]
                                           [--calibrate 1000]

Each recipe's float network is trained once; every method then quantizes it on the same inputs,
with the same scales of activations and the same bias correction, and is scored on the whole test
set. The peer is the best variant of AXE (axe.py), picked by the test accuracy itself, with the
published scale; the best one that also tries scales stands beside it. Every accumulator is
checked.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from bench.training.axe import Variant, axe_layer
from hwgen.bounds import offset_bits, row_ranges
from hwgen.nn import QuantConv2d, QuantLinear
from hwgen.nn.post_training import (
    distilled_inputs,
    fit_layer,
    project_layer,
    quantize_after_training,
)
from hwgen.nn.post_training.layer_fit import LayerFit
from training.build import quant_net
from training.data.dataset import Dataset
from training.quantize import DISTILLED
from training.recipes import RECIPES, Recipe, load
from training.run import train_float
from training.score import scores
from training.start import calibration_inputs

NAMES = ("digits", "digits_cnn", "mnist", "fashion_mnist")
VARIANTS = [
    Variant(corrected=corrected, threshold=threshold, feedback=feedback, scales=scales)
    for corrected, threshold, feedback, scales in itertools.product((False, True), repeat=4)
    if corrected or not scales
]


def measure(
    recipe: Recipe, dataset: Dataset, trained: nn.Module, x: torch.Tensor, fit: LayerFit
) -> tuple[float, float]:
    """Accuracy in percent and seconds of one quantization."""
    net = quant_net(recipe, dataset, 1)
    start = time.perf_counter()
    quantize_after_training(net, trained, x, fit=fit)
    seconds = time.perf_counter() - start
    for layer in net.modules():
        if isinstance(layer, QuantLinear | QuantConv2d) and layer.quant.accumulator_bits:
            weight = layer.certified().weight
            totals = row_ranges(weight, layer.inputs.range, weight[:, 0] * 0)
            assert max(map(offset_bits, totals)) <= layer.quant.accumulator_bits
    return scores(net, dataset)["test"], seconds


def rows_of(name: str, widths: range, samples: int, seed: int) -> list[dict[str, object]]:
    """All methods and widths on one recipe."""
    recipe = replace(RECIPES[name], seed=seed)
    dataset = load(recipe, None)
    trained = train_float(recipe, dataset, lambda epoch: None)
    x = calibration_inputs(dataset, samples, seed)
    made = distilled_inputs(
        trained, next(quant_net(recipe, dataset, 1).children()), dataset.shape, samples=DISTILLED
    )
    float_score = scores(trained, dataset)["test"]
    rows = []
    for bits in widths:
        trial = replace(recipe, accumulator_bits=bits)
        score: Callable[[torch.Tensor, LayerFit], tuple[float, float]] = partial(
            measure, trial, dataset, trained
        )
        peers = {v.name: score(x, partial(axe_layer, variant=v)) for v in VARIANTS}
        published = {v.name: peers[v.name][0] for v in VARIANTS if not v.scales}
        tried = {v.name: peers[v.name][0] for v in VARIANTS if v.scales}
        ours, seconds = score(x, fit_layer)
        rows.append(
            {
                "case": f"{name}, P = {bits}",
                "ours": ours,
                "peer": max(published.values()),
                "ratio": round(ours / max(published.values()), 3),
                "peer_variant": max(published, key=lambda key: published[key]),
                "peer_with_scales": max(tried.values()),
                "projection": score(x, project_layer)[0],
                "ours_without_data": score(made, fit_layer)[0],
                "float": float_score,
                "ours_s": round(seconds, 2),
                "samples": len(x),
                "seed": seed,
                "peers": {key: found for key, (found, _) in peers.items()},
            }
        )
        Console(stderr=True).print(rows[-1]["case"], ours, max(published.values()))
    return rows


def print_table(rows: list[dict[str, object]]) -> None:
    """The rows for people."""
    keys = ("case", "float", "projection", "peer", "peer_with_scales", "ours", "ours_without_data")
    table = Table(title="Test accuracy in percent without retraining")
    for key in keys:
        table.add_column(key.replace("_", " "), justify="left" if key == "case" else "right")
    for row in rows:
        table.add_row(*(str(row[key]) if key == "case" else f"{row[key]:.2f}" for key in keys))
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--recipes", nargs="*", default=list(NAMES), choices=NAMES)
    parser.add_argument("--acc-bits", default="6-10", help="accumulator widths, first-last")
    parser.add_argument("--calibrate", type=int, default=1000, help="training inputs")
    parser.add_argument("--seed", type=int, default=0, help="of training and calibration")
    args = parser.parse_args()
    torch.set_num_threads(1)
    first, last = map(int, args.acc_bits.split("-"))
    widths = range(first, last + 1)
    rows = [
        row for name in args.recipes for row in rows_of(name, widths, args.calibrate, args.seed)
    ]
    if args.json:
        print(json.dumps({"rows": rows, "torch": torch.__version__}, indent=1))
        return
    print_table(rows)


if __name__ == "__main__":
    main()
