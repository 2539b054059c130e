"""One row for each training: plain JSON, with every setting that it was made with."""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, asdict, fields

import torch

from hwgen.bounds import data_type_bits
from hwgen.numeric import IntType
from training.data.dataset import TrainingData
from training.recipes import Recipe
from training.run import Figures, LayerFigures

Row = dict[str, object]

DEFAULTS = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}


def settings_of(recipe: Recipe) -> Row:
    """Give all fields of a recipe as JSON has them; `name` is called `recipe`."""
    settings = json.loads(json.dumps(asdict(recipe)))
    return {"recipe": settings.pop("name"), **settings}


def recipe_of(row: Row) -> Recipe:
    """Give the recipe of a row."""
    found = {name: row[name] for name in DEFAULTS if name in row}
    lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
    return Recipe(name=row["recipe"], **{**found, **lists})


def key_of(row: Row) -> str:
    """Identify the training of a row; a field that the row lacks has its default."""
    defaults = json.loads(json.dumps(DEFAULTS))
    settings = {name: row.get(name, default) for name, default in defaults.items()}
    return json.dumps({"recipe": row.get("recipe"), **settings}, sort_keys=True)


def named(row: Row) -> str:
    """Name the training of a row for people."""
    bits, units = row["accumulator_bits"], row.get("units")
    budget = "" if bits is None else f" P = {bits}"
    budget += "" if units is None else " units " + "-".join(map(str, units))
    return f"{row['recipe']} {row['method']}{budget}, seed {row['seed']}"


def measured_row(recipe: Recipe, dataset: TrainingData, figures: Figures, seconds: float) -> Row:
    """Give the row of a finished training.

    `certified_bits`, `data_type_bits` and `hidden_l1_norm` are of the hidden layers; of all
    layers where all are constrained.
    """
    layers = figures.layers
    inputs = [dataset.type, *[IntType(bits=recipe.activation_bits, signed=False)] * len(layers)]
    counted = list(zip(layers, inputs, strict=False))
    if recipe.constrain == "hidden":
        counted = counted[1:-1]
    return {
        **settings_of(recipe),
        "metric": figures.metric,
        "score_float": round(figures.score_float, 4),
        "score_integer": round(figures.score_integer, 4),
        "parts_float": _rounded(figures.parts_float),
        "parts_integer": _rounded(figures.parts_integer),
        "zeros_percent": round(figures.zeros_percent, 3),
        "hidden_l1_norm": sum(layer.l1_norm for layer, _ in counted),
        "certified_bits": max((layer.accumulator_bits for layer, _ in counted), default=0),
        "data_type_bits": max((_data_type_bits(*pair) for pair in counted), default=0),
        "repairs": figures.repairs,
        "seconds": round(seconds, 2),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def failed_row(recipe: Recipe, error: str) -> Row:
    """Give the row of a training that came to nothing."""
    return {**settings_of(recipe), "error": error}


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in parts.items()}


def _data_type_bits(layer: LayerFigures, inputs: IntType) -> int:
    return data_type_bits(math.prod(layer.shape[1:]), inputs, layer.weight_bits)
