import itertools

import numpy as np
import pytest

from hwgen.plan.unrolled.cuts import cheapest_cuts, fewest_cuts


def legal(cuts, fits):
    places = (0, *cuts)
    return all(b - a < 2 or fits(a, b) for a, b in itertools.pairwise(places))


@pytest.mark.parametrize("seed", range(20))
def test_cuts_are_the_fewest_and_cheapest(seed):
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(0, 8))
    times, bits = rng.integers(1, 5, steps), [int(b) for b in rng.integers(1, 20, steps + 1)]

    def fits(start, end):
        return times[start:end].sum() <= 6

    count = fewest_cuts(steps, fits)
    for extra in (0, 1):
        cuts = cheapest_cuts(steps, fits, bits, count + extra)
        every = [
            (*places, steps)
            for places in itertools.combinations_with_replacement(
                range(steps + 1), count + extra - 1
            )
            if legal((*places, steps), fits)
        ]
        assert cuts in every
        assert sum(bits[c] for c in cuts) == min(sum(bits[c] for c in p) for p in every)
    shorter = itertools.combinations_with_replacement(range(steps + 1), max(count - 2, 0))
    assert count == 1 or not any(legal((*places, steps), fits) for places in shorter)


def test_a_step_that_does_not_fit_stands_alone():
    assert fewest_cuts(3, lambda start, end: False) == 3
    assert cheapest_cuts(3, lambda start, end: False, [1, 1, 1, 1], 3) == (1, 2, 3)
