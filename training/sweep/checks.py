"""What can be known to be wrong before any training: data that is not there, P without room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from hwgen.errors import HwgenError
from hwgen.nn import QuantConv2d, QuantLinear
from hwgen.nn.room import smallest_accumulator_bits
from training.build import quant_net
from training.layer_choice import WIDE
from training.recipes import Recipe, load
from training.sweep.tasks import float_recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The smallest P at which no layer is without weights, and the input bits of that layer."""

    accumulator_bits: int
    input_bits: int


def trainable(
    trials: Sequence[Recipe], folder: Path | None
) -> tuple[list[Recipe], list[tuple[Recipe, int]]]:
    """Divide trials into those with room for a weight and those without, with the P they need.

    Raises
    ------
    HwgenError
        Where data is missing, a network cannot be built, or no method of a network has room at a
        P of the sweep.
    """
    rooms = _rooms(trials, folder)
    bounded = [trial for trial in trials if trial.accumulator_bits is not None]
    without = [t for t in bounded if t.accumulator_bits < rooms[_wide(t)].accumulator_bits]
    for trial in without:
        same = [t for t in bounded if _but_for_method(t) == _but_for_method(trial)]
        if all(rival in without for rival in same):
            room = min((rooms[_wide(t)] for t in same), key=lambda room: room.accumulator_bits)
            raise HwgenError(
                f"{trial.name}: P = {trial.accumulator_bits} leaves no room for a weight of 1 with "
                f"{room.input_bits}-bit inputs; the smallest useful P is {room.accumulator_bits}"
            )
    left_out = set(without)
    return (
        [trial for trial in trials if trial not in left_out],
        [(trial, rooms[_wide(trial)].accumulator_bits) for trial in without],
    )


def _rooms(trials: Sequence[Recipe], folder: Path | None) -> dict[Recipe, Room]:
    """Build each network once and ask its layers; every data set is read once."""
    sets: dict[Recipe, list[Recipe]] = {}
    for wide in dict.fromkeys(map(_wide, trials)):
        sets.setdefault(replace(float_recipe(wide), float_epochs=1), []).append(wide)
    rooms = {}
    for base, recipes in sets.items():
        dataset = load(base, folder)
        for recipe in recipes:
            rooms[recipe] = _room(quant_net(recipe, dataset, 1).modules())
    return rooms


def _room(modules: Iterable[nn.Module]) -> Room:
    """Give the largest need of the layers that keep the P of the recipe."""
    room = Room(accumulator_bits=0, input_bits=0)
    for layer in modules:
        if not isinstance(layer, QuantLinear | QuantConv2d) or layer.quant.accumulator_bits != WIDE:
            continue
        needed = smallest_accumulator_bits(layer.quant.method, layer.inputs)
        if needed > room.accumulator_bits:
            room = Room(accumulator_bits=needed, input_bits=layer.inputs.bits)
    return room


def _wide(trial: Recipe) -> Recipe:
    bits = None if trial.accumulator_bits is None else WIDE
    return replace(trial, accumulator_bits=bits, seed=0)


def _but_for_method(trial: Recipe) -> Recipe:
    return replace(trial, seed=0, method="a2q_ip")
