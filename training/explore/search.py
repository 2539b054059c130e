"""The search: effects of all knobs about a network, then networks composed of what pays best.

A coordinate search with shared sensitivities. About a base, each knob is turned a step up and a
step down in short trainings of two seeds; for several sizes of hardware, knobs that save are paired
with knobs that spend, and these networks are trained whole. The best of another size is the next
base. Nothing here is random: the same rows lead to the same next trainings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count

from training.explore.effects import Effect, Effects, composed, smoothed
from training.explore.front import Point, front
from training.explore.goal import Goal
from training.explore.moves import Knob, knobs, turned, with_all_units
from training.explore.start import short
from training.explore.trainings import Trainings
from training.recipe import Recipe

SEEDS = (0, 1)  # of the trainings that choose
SHARES = (1.0, 0.7, 0.5, 0.35)  # of the most LUTs: the sizes that are looked for
AROUND = (2.0, 1.4, 1.0, 0.7, 0.5)  # of the first network's, where none are asked for
FULL = 0.97  # of a size: seeds scatter
SLACK = 0.12  # a network smaller than its size by more is given more units
REACH = 2.6  # a size further from the base than by this factor is not composed from it
ATTEMPTS = 3  # to bring the first network to its size
KINDS = ("units", "widths", "width", "activation_bits", "input_bits")
WAYS: tuple[tuple[Sequence[str], float], ...] = ((KINDS, 2.0), (KINDS, 1.0), (("units",), 2.0))

FIXED = 0.15  # of the LUTs are no units': thresholds and argmax

Say = Callable[[Sequence[Point]], None]


class Search:
    """One search; its points are the networks that were trained whole."""

    def __init__(self, trainings: Trainings, goal: Goal, say: Say) -> None:
        self._trainings, self._goal, self._say = trainings, goal, say
        self._points: dict[Recipe, Point] = {}
        self._bases: set[Recipe] = set()

    @property
    def front(self) -> list[Point]:
        """The best networks so far."""
        most = self._goal.max_luts
        return front(list(self._points.values()), math.inf if most is None else most)

    def run(self, first: Recipe) -> None:
        """Search from `first` until nothing new is found.

        Raises
        ------
        OutOfTimeError
            Where the minutes are over before.
        """
        base = self._brought_to_size(first)
        whole = self._whole([base])
        if base not in whole:
            return
        sizes = self._sizes(whole[base].luts)
        self._whole([_resized(base, size / whole[base].luts) for size in sizes])  # a front soon
        for number in count():
            self._bases.add(base)
            effects = self._effects(base, (2 * number, 2 * number + 1))
            asked = {size: self._composed(base, size, effects) for size in sizes}
            found = self._whole([recipe for recipes in asked.values() for recipe in recipes])
            self._whole(
                [
                    with_all_units(found[recipe].recipe, FULL * size / found[recipe].luts)
                    for size, recipes in asked.items()
                    for recipe in recipes
                    if recipe in found and not 1 - SLACK <= found[recipe].luts / size <= 1
                ]
            )
            fresh = [self._best(size) for size in (sizes[number % len(sizes) :] + sizes)]
            fresh = [recipe for recipe in fresh if recipe is not None]
            if not fresh:
                return
            base = fresh[0]

    def _brought_to_size(self, recipe: Recipe) -> Recipe:
        """Scale all units until the LUTs are about those asked for, whatever the rule of thumb."""
        most = self._goal.max_luts
        if most is None:
            return recipe
        for _ in range(ATTEMPTS):
            found = self._trainings.points([short(recipe)], SEEDS[:1])
            luts = found[short(recipe)].luts if short(recipe) in found else most
            if 1 - SLACK <= luts / most <= 1:
                break
            recipe = with_all_units(recipe, FULL * most / luts)
        return recipe

    def _sizes(self, luts: float) -> tuple[float, ...]:
        most = self._goal.max_luts
        if most is None:
            return tuple(share * luts for share in AROUND)
        return tuple(share * most for share in SHARES)

    def _whole(self, recipes: Sequence[Recipe]) -> dict[Recipe, Point]:
        """Train for all epochs, and show the front."""
        try:
            self._trainings.train(recipes, SEEDS)
        finally:
            found = self._trainings.known(recipes, SEEDS)
            self._points |= found
            self._say(self.front)
        return found

    def _effects(self, base: Recipe, seeds: Sequence[int]) -> Effects:
        moves: dict[tuple[Knob, int], Recipe] = {}
        for knob in knobs(base):
            for step in (1, -1):
                recipe = turned(base, knob, step)
                if recipe != base:
                    moves[knob, step] = recipe
        found = self._trainings.points([short(r) for r in (base, *moves.values())], seeds)
        here = found.get(short(base))
        effects: dict[Knob, dict[int, Effect]] = {}
        for (knob, step), recipe in moves.items():
            there = found.get(short(recipe))
            if here is not None and there is not None:
                effects.setdefault(knob, {})[step] = Effect(
                    loss=there.loss - here.loss,
                    log_luts=math.log(there.luts / here.luts),
                )
        return smoothed(effects)

    def _composed(self, base: Recipe, size: float, effects: Effects) -> list[Recipe]:
        """Give the networks of one size that the effects about `base` promise most for."""
        luts = self._points[base].luts
        change = math.log(FULL * size / luts)
        if abs(change) > math.log(REACH):
            return []
        found = [composed(base, effects, change, kinds=kinds, most=most) for kinds, most in WAYS]
        return [recipe for recipe in dict.fromkeys(found) if recipe != base]

    def _best(self, size: float) -> Recipe | None:
        """Give the best network of a size, where it was not a base yet."""
        near = [p for p in self.front if size / REACH**0.5 <= p.luts <= size]
        best = min(near, key=lambda p: p.loss, default=None)
        return None if best is None or best.recipe in self._bases else best.recipe


def _resized(recipe: Recipe, factor: float) -> Recipe:
    """Give all layers the units that make the LUTs about `factor` times as many."""
    return with_all_units(recipe, max((FULL * factor - FIXED) / (1 - FIXED), FIXED))
