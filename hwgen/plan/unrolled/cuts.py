"""Registers in a row of steps: as few as the clock allows, where the fewest bits cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Fits = Callable[[int, int], bool]


def fewest_cuts(steps: int, fits: Fits) -> int:
    """Count the registers that a row of steps needs, one at its end among them.

    `fits(p, q)` is whether the steps from place p to place q fit between registers; a single step
    cannot be divided and always counts as fitting.
    """
    cuts, start = 1, 0
    for place in range(1, steps + 1):
        if place - start > 1 and not fits(start, place):
            cuts, start = cuts + 1, place - 1
    return cuts


def cheapest_cuts(steps: int, fits: Fits, bits: Sequence[int], count: int) -> tuple[int, ...]:
    """Give the places of `count` registers, the last at the end, that hold the fewest bits.

    Parameters
    ----------
    steps
        Steps of the row; place p lies behind p of them.
    fits
        As in `fewest_cuts`.
    bits
        Bits that cross each place, `steps + 1` numbers.
    count
        How many registers; at least `fewest_cuts`. Several may lie at one place.
    """
    best: list[dict[int, tuple[int, tuple[int, ...]]]] = [{0: (0, ())}]
    for _ in range(count):
        reached: dict[int, tuple[int, tuple[int, ...]]] = {}
        for start, (held, cuts) in best[-1].items():
            for end in range(start, steps + 1):
                if end - start > 1 and not fits(start, end):
                    break
                found = (held + bits[end], (*cuts, end))
                reached[end] = min(found, reached.get(end, found))
        best.append(reached)
    return best[-1][steps][1]
