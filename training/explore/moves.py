"""The knobs of a recipe that cost hardware, and what turning one by some steps makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from training.recipe import ROUNDED_INPUTS, Recipe

FACTOR = 1.4  # of units, widths and channels by a step
EACH = 6  # layers up to which each has units of its own; beyond, the hidden ones share theirs
MOST_UNITS = 60  # of a row: codes of four bits hold no more in small layers
MOST_BITS = 8
LEAST_WIDTH = 4

Kind = Literal["units", "widths", "width", "activation_bits", "input_bits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A setting, and the layers that it is of where it is one a layer."""

    kind: Kind
    places: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether half a step is none."""
        return self.kind in ("activation_bits", "input_bits")

    def __str__(self) -> str:
        return " ".join([self.kind, *map(str, self.places[:1])])


def knobs(recipe: Recipe) -> tuple[Knob, ...]:
    """Give all knobs of a recipe, whose `units` have a number for each layer."""
    assert recipe.units is not None
    found = [Knob(kind="units", places=places) for places in _groups(len(recipe.units))]
    if recipe.network == "mlp":
        found += [Knob(kind="widths", places=(i,)) for i in range(len(recipe.widths))]
    else:
        found.append(Knob(kind="width"))
    found.append(Knob(kind="activation_bits"))
    if recipe.name in ROUNDED_INPUTS:
        found.append(Knob(kind="input_bits"))
    return tuple(found)


def _groups(layers: int) -> list[tuple[int, ...]]:
    if layers <= EACH:
        return [(i,) for i in range(layers)]
    return [(0,), tuple(range(1, layers - 1)), (layers - 1,)]


def turned(recipe: Recipe, knob: Knob, steps: float) -> Recipe:
    """Turn a knob; at its end the recipe stays as it is."""
    match knob.kind:
        case "units":
            assert recipe.units is not None
            units = _scaled(recipe.units, knob.places, steps, 1, MOST_UNITS)
            return replace(recipe, units=units)
        case "widths":
            widths = _scaled(recipe.widths, knob.places, steps, LEAST_WIDTH, 4096)
            return replace(recipe, widths=widths)
        case "width":
            return replace(recipe, width=round(recipe.width * FACTOR ** (steps / 2), 4))
        case "activation_bits":
            bits = min(max(recipe.activation_bits + round(steps), 1), MOST_BITS)
            return replace(recipe, activation_bits=bits)
        case "input_bits":
            least = 2 if recipe.name == "dry_bean" else 1  # its values have signs
            bits = min(max(recipe.input_bits + round(steps), least), MOST_BITS)
            return replace(recipe, input_bits=bits)


def _scaled(
    numbers: Sequence[int], places: Sequence[int], steps: float, least: int, most: int
) -> tuple[int, ...]:
    found = list(numbers)
    for place in places:
        new = round(numbers[place] * FACTOR**steps)
        if new == numbers[place] and abs(steps) >= 1:
            new += 1 if steps > 0 else -1
        found[place] = min(max(new, least), most)
    return tuple(found)


def with_all_units(recipe: Recipe, factor: float) -> Recipe:
    """Multiply the units of all layers."""
    assert recipe.units is not None
    units = (min(max(round(number * factor), 1), MOST_UNITS) for number in recipe.units)
    return replace(recipe, units=tuple(units))
