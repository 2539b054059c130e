"""What can be known to be wrong before any training: data that is not there, P without room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hwgen.errors import HwgenError
from hwgen.numeric import IntType
from training.recipes import Recipe, load
from training.sweep.room import smallest_accumulator_bits
from training.sweep.tasks import float_recipe


def trainable(
    trials: Sequence[Recipe], folder: Path | None
) -> tuple[list[Recipe], list[tuple[Recipe, int]]]:
    """Divide trials into those with room for a weight and those without, with the P they need.

    Raises
    ------
    HwgenError
        Where data is missing, or no method of a network has room at a P of the sweep.
    """
    types = _input_types(trials, folder)
    needs = {trial: _needed(trial, types) for trial in trials}
    for trial, (needed, inputs) in needs.items():
        bits = trial.accumulator_bits
        if bits is None or bits >= needed:
            continue
        rivals = [t for t in trials if t.accumulator_bits == bits and t.name == trial.name]
        if all(bits < needs[rival][0] for rival in rivals):
            smallest = min(needs[rival][0] for rival in rivals)
            raise HwgenError(
                f"{trial.name}: P = {bits} leaves no room for a weight of 1 with {inputs.bits}-bit "
                f"inputs; the smallest useful P is {smallest}"
            )
    kept = [t for t in trials if t.accumulator_bits is None or t.accumulator_bits >= needs[t][0]]
    without = [(t, needs[t][0]) for t in trials if t not in set(kept)]
    return kept, without


def _needed(trial: Recipe, types: dict[Recipe, IntType]) -> tuple[int, IntType]:
    """Give the smallest useful P of a trial and the inputs that decide it."""
    inputs = [IntType(bits=trial.activation_bits, signed=False)]
    if trial.constrain == "all":
        inputs.append(types[_base(trial)])
    widest = max(inputs, key=lambda kind: smallest_accumulator_bits(trial.method, kind))
    return smallest_accumulator_bits(trial.method, widest), widest


def _input_types(trials: Iterable[Recipe], folder: Path | None) -> dict[Recipe, IntType]:
    """Read every data set once, which also tells whether it is there."""
    return {base: load(base, folder).type for base in dict.fromkeys(map(_base, trials))}


def _base(trial: Recipe) -> Recipe:
    return replace(float_recipe(trial), seed=0, float_epochs=1)
