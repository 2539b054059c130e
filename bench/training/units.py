"""LUTs at equal accuracy: a budget in units, layer by layer, against one P for all layers.

    python bench/training/units.py NET ... [--seeds 10 11 12] [--budgets 'P 6' ...] [--data DIR]
                                   [--target xc7] [--out DIR] [--json]

trains each net with every budget of `NETS` and every seed, and counts the LUTs of an unrolled
design as the planner does at effort low, which is a little more than at the default one on all
alike. Every row is kept in `--out` when it is done, and a broken run goes on behind them. The
reference is what uniform P takes for the same mean accuracy: the LUTs between its two neighbouring
rows, log-linear.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from rich.console import Console

from bench.shared.row_file import Row, RowFile
from hwgen.ir import Conv2d, Dense, Graph
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from training.recipe import Recipe
from training.recipes import RECIPES, load
from training.run import train_float, train_quantized
from training.sweep.tasks import float_recipe

SEEDS = (10, 11, 12)  # that no budget was chosen by
LISTS = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A recipe with all layers limited, and its budgets: P for all, P by layer, units by layer."""

    recipe: Recipe
    uniform: LISTS
    widths: tuple[LISTS, ...]
    units: tuple[LISTS, ...]
    shapes: tuple[tuple[dict[str, object], LISTS], ...] = ()  # other shapes and their units

    def trials(self) -> dict[str, Recipe]:
        """Name every budget."""
        alone = {
            "P " + "-".join(map(str, bits)): replace(
                self.recipe,
                accumulator_bits=bits[0],
                layers=",".join(f"dense{i}={p}" for i, p in enumerate(bits)),
            )
            for bits in self.widths
        }
        uniform = {f"P {p}": replace(self.recipe, accumulator_bits=p) for p in self.uniform}
        given = {_name(units): self._with(units) for units in self.units}
        shaped = {
            f"{_name(units)}, {_shape(shape)}": replace(self._with(units), **shape)
            for shape, units in self.shapes
        }
        return uniform | alone | given | shaped

    def _with(self, units: LISTS) -> Recipe:
        return replace(self.recipe, accumulator_bits=None, units=units)


def _name(units: LISTS) -> str:
    return "units " + "-".join(map(str, units))


def _shape(shape: dict[str, object]) -> str:
    said = {k: "-".join(map(str, v)) if isinstance(v, tuple) else v for k, v in shape.items()}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in said.items())


def _all_layers(name: str, **changes: object) -> Recipe:
    recipe = replace(RECIPES[name], constrain="all", first_last_bits=4)
    return replace(recipe, **changes)


NETS: dict[str, Net] = {
    "digits": Net(
        recipe=_all_layers("digits", activation_bits=2),
        uniform=(5, 6, 7, 8),
        widths=((8, 6, 6),),
        units=((6, 6, 8), (9, 8, 10), (12, 8, 10), (15, 10, 12), (25, 15, 16)),
    ),
    "fashion_mnist": Net(
        recipe=_all_layers("fashion_mnist", input_bits=4, activation_bits=2),
        uniform=(5, 6, 7),
        widths=((7, 6, 6, 6),),
        units=((4, 6, 6, 10), (8, 8, 8, 12), (12, 10, 10, 16)),
    ),
    "mnist": Net(
        recipe=_all_layers("mnist", input_bits=2, activation_bits=2),
        uniform=(4, 5, 6, 7),
        widths=((5, 6, 6),),
        units=((7, 10, 14), (10, 14, 20), (16, 18, 18)),
        shapes=(
            ({"widths": (128, 32), "activation_bits": 3}, (10, 18, 18)),
            ({"widths": (128, 32), "activation_bits": 3}, (16, 18, 18)),
        ),
    ),
    "dry_bean": Net(
        recipe=_all_layers(
            "dry_bean",
            widths=(16,),
            input_bits=6,
            activation_bits=3,
            weight_bits=5,
            first_last_bits=5,
        ),
        uniform=(6, 7, 8, 9),
        widths=((9, 7),),
        units=((3, 5), (4, 6), (5, 6), (6, 7), (8, 9)),
    ),
    "nsl_kdd": Net(
        recipe=_all_layers("nsl_kdd", input_bits=4, activation_bits=2),
        uniform=(4, 5, 6, 7),
        widths=((6, 5, 5),),
        units=((2, 4, 8), (4, 5, 8), (6, 8, 10)),
    ),
    "spoken_digits": Net(
        recipe=_all_layers("spoken_digits", input_bits=4, activation_bits=2),
        uniform=(5, 6, 7),
        widths=((7, 6, 6),),
        units=((6, 8, 12), (10, 10, 14), (14, 14, 18)),
    ),
}


def measure(name: str, trials: dict[str, Recipe], asked: argparse.Namespace, rows: RowFile) -> None:
    """Train what has no row yet; a float network serves all budgets of its seed and shape."""
    say = Console(stderr=True, highlight=False)
    floats: dict[Recipe, torch.nn.Module] = {}
    dataset, loaded = None, None
    target = asked.target
    for seed in asked.seeds:
        for budget, trial in trials.items():
            recipe = replace(trial, seed=seed)
            wanted = {"measure": "units", "case": f"{name}, {budget}, seed {seed}"}
            if rows.find(wanted | {"target": target}) is not None:
                continue
            base = float_recipe(recipe)
            if dataset is None or loaded != recipe.input_bits:
                dataset, loaded = load(recipe, asked.data), recipe.input_bits
            if base not in floats:
                floats[base] = train_float(base, dataset, lambda _: None)
            graph, figures = train_quantized(recipe, dataset, floats[base], lambda _: None)
            row = wanted | {
                "target": target,
                "net": name,
                "budget": budget,
                "seed": seed,
                "accuracy": round(figures.score_integer, 3),
                "luts": luts_of(graph, target),
                "nonzero": nonzeros(graph),
                "l1_norm": figures.l1_norm,
                "certified": [layer.accumulator_bits for layer in figures.layers],
            }
            rows.add(row)
            say.print(f"{row['case']}: {row['accuracy']:.2f} %, {row['luts']} LUTs")


def luts_of(graph: Graph, target: str) -> int:
    """LUTs of an unrolled design by the planner's count."""
    options = BuildOptions(target=target, style="unrolled", effort="low")
    plan = plan_design(graph, options)
    return chain_cost(plan.stages, plan.target).luts


def nonzeros(graph: Graph) -> list[int]:
    """Weights that are not zero, layer by layer: the cycles of a folded layer, but for its PEs."""
    layers = [node for node in graph.nodes if isinstance(node, Dense | Conv2d)]
    return [int(np.count_nonzero(node.weight)) for node in layers]


def means(rows: Sequence[Row]) -> list[Row]:
    """One row a budget, means over the seeds, in the order of `NETS`."""
    found: dict[str, list[Row]] = {}
    order = list(NETS[rows[0]["net"]].trials()) if rows else []
    for row in sorted(rows, key=lambda row: (order.index(row["budget"]), row["seed"])):
        found.setdefault(row["budget"], []).append(row)
    return [
        {
            "budget": budget,
            "seeds": len(same),
            "accuracy": fmean(row["accuracy"] for row in same),
            "spread": max(r["accuracy"] for r in same) - min(r["accuracy"] for r in same),
            "luts": fmean(row["luts"] for row in same),
            "nonzero": fmean(sum(row["nonzero"]) for row in same),
            "slowest": fmean(max(row["nonzero"]) for row in same),
            "certified": [max(bits) for bits in zip(*(r["certified"] for r in same), strict=True)],
        }
        for budget, same in found.items()
    ]


def at_equal_accuracy(row: Row, reference: Sequence[Row], what: str) -> float | None:
    """What uniform P takes for the accuracy of `row`; None outside of its rows.

    Where a wider P is not more accurate, only rows above all narrower ones count.
    """
    rising: list[Row] = []
    for other in sorted(reference, key=lambda r: r["luts"]):
        if not rising or other["accuracy"] > rising[-1]["accuracy"]:
            rising.append(other)
    for low, high in pairwise(rising):
        if low["accuracy"] <= row["accuracy"] <= high["accuracy"]:
            share = (row["accuracy"] - low["accuracy"]) / (high["accuracy"] - low["accuracy"])
            return math.exp(math.log(low[what]) * (1 - share) + math.log(high[what]) * share)
    return None


def compared(name: str, rows: Sequence[Row]) -> list[Row]:
    """Give the means with the reference of each, and the ratio to it."""
    own = means([row for row in rows if row["net"] == name])
    uniform = [row for row in own if row["budget"] in {f"P {p}" for p in NETS[name].uniform}]
    document = []
    for row in own:
        is_reference = row in uniform
        wanted = {
            what: None if is_reference else at_equal_accuracy(row, uniform, what)
            for what in ("luts", "nonzero", "slowest")
        }
        ratios = {
            f"{what}_ratio": None if value is None else round(row[what] / value, 3)
            for what, value in wanted.items()
        }
        reference = wanted["luts"]
        document.append(
            {
                "case": f"{name}, {row['budget']}",
                "ours": round(row["luts"]),
                "baseline": None if reference is None else round(reference),
                "ratio": ratios["luts_ratio"],
                **{key: row[key] for key in ("seeds", "certified")},
                **{key: round(row[key], 2) for key in ("accuracy", "spread", "nonzero", "slowest")},
                **ratios,
            }
        )
    return document


def markdown(document: Sequence[Row]) -> str:
    """Give the table of docs/results.md."""
    lines = [
        "| net, budget | accuracy % (spread) | LUTs | uniform P at this accuracy | ratio | "
        "nonzeros (ratio) | P certified |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in document:
        ratio = "" if row["ratio"] is None else f"**{row['ratio']:.2f}**"
        zeros = "" if row["nonzero_ratio"] is None else f" ({row['nonzero_ratio']:.2f})"
        certified = ", ".join(map(str, row["certified"]))
        reference = "" if row["baseline"] is None else f"{row['baseline']:,}"
        lines.append(
            f"| {row['case']} | {row['accuracy']:.2f} ({row['spread']:.1f}) | {row['ours']:,} | "
            f"{reference} | {ratio} | {row['nonzero']:,.0f}{zeros} | {certified} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=f"{', '.join(NETS)}; digits")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--budgets", nargs="+", help="of those of the net, such as 'P 6'; all")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--target", choices=TARGETS, default="xc7")
    parser.add_argument("--out", type=Path, help="folder of the rows, units_NET.json")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    document: list[Row] = []
    unknown = set(asked.nets) - set(NETS)
    if unknown:
        parser.error(f"NET must be of {', '.join(NETS)}, not {', '.join(sorted(unknown))}")
    for name in asked.nets or ["digits"]:
        path = None if asked.out is None else asked.out / f"units_{name}.json"
        rows = RowFile(path, {"torch": torch.__version__})
        trials = NETS[name].trials()
        wanted = {name: trials[name] for name in asked.budgets or trials}
        measure(name, wanted, asked, rows)
        document += compared(name, [row for row in rows.rows.values() if row["net"] == name])
    tools = {"torch": torch.__version__, "seeds": list(asked.seeds), "target": asked.target}
    print(json.dumps({**tools, "rows": document}, indent=2) if asked.json else markdown(document))


if __name__ == "__main__":
    main()
