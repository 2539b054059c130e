import random
from itertools import pairwise

import numpy as np
import pytest

from hwgen.numeric import Range
from hwgen.plan.adders.local_search import LocalSearch
from hwgen.plan.adders.sharing import digit_rows, share, signed_digits
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK, SubSums, in_order


def values(sums, inputs):
    """Every node as a row of coefficients."""
    found = {node: np.eye(1, inputs, node, dtype=np.int64)[0] for node in range(inputs)}
    for node in in_order(sums.sums):
        found[node] = np.zeros(inputs, np.int64)
        for key, sign in sums.sums[node].items():
            found[node] += sign * (found[key >> SHIFT_BITS] << (key & SHIFT_MASK))
    return found


def counted(sums):
    """The pattern counts of a copy made afresh."""
    fresh = SubSums([], 0)
    for node, terms in sums.sums.items():
        fresh.sums[node] = {}
        for key, sign in terms.items():
            fresh.insert(node, key, sign)
    return {pattern: count for pattern, count in fresh.counts.items() if count}


def random_matrix(seed, limit=7):
    rng = np.random.default_rng(seed)
    return rng.integers(-limit, limit + 1, (10, 8)) * (rng.random((10, 8)) < 0.6)


@pytest.mark.parametrize("value", [*range(-300, 301), 2**31 - 1, -(2**31)])
def test_signed_digits_sum_to_the_value_and_are_never_adjacent(value):
    digits = signed_digits(value)
    assert sum(sign << shift for shift, sign in digits) == value
    shifts = [shift for shift, _ in digits]
    assert all(b - a >= 2 for a, b in pairwise(shifts))


def test_zero_weights_have_no_terms():
    rows = digit_rows(np.array([[0, 0], [0, 3]]))
    assert rows == [{}, {1 << SHIFT_BITS: -1, 1 << SHIFT_BITS | 2: 1}]


@pytest.mark.parametrize("seed", range(5))
def test_sharing_keeps_every_row_and_leaves_no_pattern_twice(seed):
    weight = random_matrix(seed, limit=127)
    sums = SubSums(digit_rows(weight), 8)
    share(sums, random.Random(seed), noise=0.5)
    found = values(sums, 8)
    assert all(np.array_equal(found[8 + row], weight[row]) for row in range(10))
    assert {p: c for p, c in sums.counts.items() if c} == counted(sums)
    assert len(sums.sums) > 10


def test_undo_gives_back_what_was_committed():
    weight = random_matrix(0)
    sums = SubSums(digit_rows(weight), 8)
    sums.commit()
    before = {node: dict(terms) for node, terms in sums.sums.items()}
    for node in list(sums.sums):
        sums.grown |= {pattern for pattern, count in sums.counts.items() if count > 1}
        sums.touch(node)
    share(sums, random.Random(0), noise=0.0)
    assert sums.sums != before
    sums.undo()
    assert sums.sums == before
    assert {p: c for p, c in sums.counts.items() if c} == counted(sums)


@pytest.mark.parametrize("style", ["signed", "additive", "complement", "ternary"])
def test_the_search_keeps_every_row_and_its_cost_only_falls_when_cold(style, monkeypatch):
    monkeypatch.setattr("hwgen.plan.adders.local_search.WARMTH", 0.0)
    weight = random_matrix(3)
    search = LocalSearch(digit_rows(weight), (Range(0, 15),) * 8, style, seed=1)
    search.start(0.0)
    costs = [search.cost]
    for _ in range(4):
        search.improve(3_000)
        costs.append(search.cost)
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]
    found = values(search.sums, 8)
    assert all(np.array_equal(found[8 + row], weight[row]) for row in range(10))
    assert {p: c for p, c in search.sums.counts.items() if c} == counted(search.sums)
    fresh = LocalSearch(digit_rows(weight), (Range(0, 15),) * 8, style, seed=1)
    fresh.sums = search.sums
    assert sum(fresh._price(node) for node in fresh.sums.sums) == search.cost
