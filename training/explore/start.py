"""Where a search starts: the recipe with all layers limited, in units that the goal about pays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwgen.nn import QuantConv2d, QuantLinear
from training.build import quant_net
from training.data.dataset import Dataset
from training.explore.goal import Goal
from training.recipe import ROUNDED_INPUTS, Recipe

BITS = 4  # of weights: codes of few units need no more
ACTIVATION_BITS = 2
INPUT_BITS = {"dry_bean": 6, "nsl_kdd": 6}
ROUNDED_BITS = 4
UNITS = 10  # where no LUTs are asked for
LEAST, MOST = 4.0, 30.0  # units of a row outside of which the widths are another
SHRINK = 0.8
TIMES = {"xc7": 1.0, "ice40": 1.6, "ecp5": 1.6, "gowin": 1.6}  # LUTs of four inputs to those of six
UNIT_LUTS = {1: 0.7, 2: 1.15, 3: 1.7, 4: 2.1, 6: 2.9}  # of an xc7, by the bits of the inputs
THRESHOLD_LUTS = 3.0  # of a channel with 2-bit activations; twice as many for each bit more
CLASS_LUTS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Rows and input bits of a layer."""

    rows: int
    input_bits: int


def start(recipe: Recipe, dataset: Dataset, goal: Goal) -> Recipe:
    """Give the recipe that the first trainings are of.

    The rule of thumb for LUTs is rough; the search measures, and scales the units by that.
    """
    base = replace(
        recipe,
        method="a2q_ip",
        accumulator_bits=None,
        layers="",
        weight_bits=BITS,
        first_last_bits=BITS,
        activation_bits=min(recipe.activation_bits, ACTIVATION_BITS),
        constrain="all" if recipe.network == "mlp" else recipe.constrain,
        units=(UNITS,),
    )
    if recipe.name in ROUNDED_INPUTS:
        base = replace(base, input_bits=INPUT_BITS.get(recipe.name, ROUNDED_BITS))
    if recipe.network != "mlp" or goal.max_luts is None:
        return replace(base, units=(UNITS,) * len(shapes(base, dataset)))
    while True:
        layers = shapes(base, dataset)
        units = paid_units(layers, base.activation_bits, goal.max_luts / TIMES[goal.target])
        smaller = tuple(max(4, round(width * SHRINK)) for width in base.widths)
        if units >= LEAST or smaller == base.widths:
            break
        base = replace(base, widths=smaller)
    number = round(min(max(units, 1.0), MOST))
    return replace(base, units=(number,) * len(layers))


def shapes(recipe: Recipe, dataset: Dataset) -> list[Shape]:
    """Give the layers with weights of the recipe's network."""
    net = quant_net(recipe, dataset, 1)
    layers = [m for m in net.modules() if isinstance(m, QuantLinear | QuantConv2d)]
    return [Shape(rows=len(layer.weight), input_bits=layer.inputs.bits) for layer in layers]


def paid_units(layers: Sequence[Shape], activation_bits: int, luts: float) -> float:
    """Units of a row that `luts` LUTs pay, the same in all layers, by the rule of thumb."""
    thresholds = THRESHOLD_LUTS * 2.0 ** (activation_bits - 2)
    fixed = thresholds * sum(s.rows for s in layers[:-1]) + CLASS_LUTS * layers[-1].rows
    of_a_unit = sum(layer.rows * unit_luts(layer.input_bits) for layer in layers)
    return max(luts - fixed, 0.0) / of_a_unit


def unit_luts(bits: int) -> float:
    """LUTs of a unit whose input has `bits` bits."""
    least = max(known for known in UNIT_LUTS if known <= bits)
    return UNIT_LUTS[least] * math.sqrt(bits / least)


def short(recipe: Recipe) -> Recipe:
    """A third of the epochs, enough to tell what a change is worth."""
    return replace(recipe, epochs=max(2, round(recipe.epochs / 3)))
