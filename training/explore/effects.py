"""What each knob does to loss and LUTs about a recipe, and the recipes that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.explore.moves import Knob, turned
from training.recipe import Recipe

STEPS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
DEARER, CHEAPER = 1.3, 0.75  # of a second step's loss to the first one's, down and up
GRAIN, MOST_SUMS = 0.002, 500  # of log LUTs: beyond so many sums, nearer ones count as equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Change of the held-out loss, and of the logarithm of the LUTs."""

    loss: float
    log_luts: float


NOTHING = Effect(loss=0.0, log_luts=0.0)
Effects = Mapping[Knob, Mapping[int, Effect]]  # by the steps +1 and -1 that were measured


def smoothed(effects: Effects) -> dict[Knob, dict[int, Effect]]:
    """Take noise out: both sides of a knob tell its slope, and LUTs never make a net worse.

    The loss of one measurement scatters as much as a step changes it. Half of each side is what the
    other side says of it; what is then still better for less is taken as equal.
    """
    found: dict[Knob, dict[int, Effect]] = {}
    for knob, sides in effects.items():
        found[knob] = {}
        for step, own in sides.items():
            other = sides.get(-step)
            loss = own.loss
            if other is not None and other.log_luts * own.log_luts < 0:
                loss = (loss + other.loss * own.log_luts / other.log_luts) / 2
            loss = max(loss, 0.0) if own.log_luts < 0 else min(loss, 0.0)
            found[knob][step] = Effect(loss=loss, log_luts=own.log_luts)
    return found


def effect(sides: Mapping[int, Effect], steps: float) -> Effect | None:
    """Estimate any number of steps; None where that side was not measured."""
    side = sides.get(1 if steps > 0 else -1)
    if side is None:
        return None
    size = abs(steps)
    loss = side.loss * size
    if size > 1:
        loss = side.loss * (1 + (size - 1) * (DEARER if side.log_luts < 0 else CHEAPER))
    return Effect(loss=loss, log_luts=side.log_luts * size)


def composed(
    base: Recipe, effects: Effects, log_change: float, *, kinds: Sequence[str], most: float
) -> Recipe:
    """Turn several knobs so that the loss is least where the LUTs change by a factor.

    Effects are taken as additive, so that knobs can be looked at one after another: of what is
    reached by those before, only sums are kept that none is better than for as few LUTs. Where
    nothing comes down to the size, the smallest is given.

    Parameters
    ----------
    log_change
        Logarithm of the factor that the LUTs may change by.
    kinds
        The knobs that may be turned.
    most
        Steps of a knob at the most.
    """
    sums: list[tuple[Effect, tuple[float, ...]]] = [(NOTHING, ())]
    allowed = [knob for knob in effects if knob.kind in kinds]
    for knob in allowed:
        options = _options(knob, effects[knob], most)
        sums = _best([(_sum(a, b), (*s, steps)) for a, s in sums for steps, b in options])
    within = [found for found in sums if found[0].log_luts <= log_change]
    _, chosen = within[-1] if within else sums[0]
    recipe = base
    for knob, steps in zip(allowed, chosen, strict=True):
        if steps:
            recipe = turned(recipe, knob, steps)
    return recipe


def _options(knob: Knob, sides: Mapping[int, Effect], most: float) -> list[tuple[float, Effect]]:
    options = [(0.0, NOTHING)]
    for steps in STEPS:
        found = effect(sides, steps)
        if found is not None and abs(steps) <= most and not (knob.whole and steps % 1):
            options.append((steps, found))
    return options


def _sum(first: Effect, second: Effect) -> Effect:
    return Effect(loss=first.loss + second.loss, log_luts=first.log_luts + second.log_luts)


def _best(
    sums: list[tuple[Effect, tuple[float, ...]]],
) -> list[tuple[Effect, tuple[float, ...]]]:
    """Keep what no smaller sum is as good as, by rising LUTs, and of near ones the best."""
    kept: list[tuple[Effect, tuple[float, ...]]] = []
    order = sorted(sums, key=lambda s: (s[0].log_luts, s[0].loss, sum(map(abs, s[1]))))
    for found in order:
        if kept and found[0].loss >= kept[-1][0].loss:
            continue
        if kept and found[0].log_luts < kept[-1][0].log_luts + GRAIN and len(kept) > MOST_SUMS:
            kept.pop()
        kept.append(found)
    return kept
