import numpy as np
import pytest

from hwgen.numeric import IntType
from hwgen.plan.requantize.decision import code_blocks, crossing_bits
from hwgen.plan.stages.requantizers import Steps


def staircase(seed, lane, count):
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(np.arange(lane.lo + 1, lane.hi + 1), count, replace=False))
    codes = rng.integers(0, 8, count + 1) if seed % 2 else np.arange(count + 1)
    return Steps(thresholds=tuple(map(int, places)), codes=tuple(map(int, codes)))


def value_of(block, x):
    return (block.first + sum(place <= x for place in block.changes)) % 2


@pytest.mark.parametrize("kind", ["u5", "s5"])
@pytest.mark.parametrize("seed", range(6))
def test_blocks_are_the_bits_of_the_code(seed, kind):
    lane = IntType.parse(kind)
    channel = staircase(seed, lane, 6)
    blocks = code_blocks(channel, lane, 3)
    for x in range(lane.lo, lane.hi + 1):
        code = channel.codes[sum(t <= x for t in channel.thresholds)]
        assert [value_of(block, x - lane.lo) for block in blocks] == [
            code >> k & 1 for k in (0, 1, 2)
        ]
    for block in blocks:
        low, high = block.halves()
        half = 1 << (lane.bits - 1)
        assert all(value_of(low, x) == value_of(block, x) for x in range(half))
        assert all(value_of(high, x) == value_of(block, x + half) for x in range(half))


@pytest.mark.parametrize("seed", range(6))
def test_crossing_bits_count_the_distinct_functions_of_the_low_bits(seed):
    lane = IntType.parse("u5")
    channel = staircase(seed, lane, 6)
    held = crossing_bits(code_blocks(channel, lane, 3), lane.bits)
    codes = np.array(channel.codes)[np.searchsorted(channel.thresholds, np.arange(32), "right")]
    for low in range(6):
        tables = {
            tuple(codes.reshape(-1, 1 << low)[high] >> bit & 1)
            for bit in range(3)
            for high in range(1 << (5 - low))
        }
        assert held[low] == sum(len(set(table)) > 1 for table in tables) + 5 - low
