"""Turns of the loop of a folded convolution: rows come while others are computed."""

import pytest

from hwgen.hls.map_rows import MapRows
from hwgen.plan.stages.stage import FoldedDense
from tests.hls.designs import planned
from tests.tiny_maps import MapNet, random_conv_net, random_folding


def maps(plan):
    return [MapRows(s) for s in plan.stages if isinstance(s, FoldedDense) and s.lines is not None]


def test_a_frame_takes_the_larger_of_steps_and_beats():
    """Behind the rows that the first windows see, below the padding, nothing waits for a row."""
    net = MapNet(0, (1, 28, 28), "u4").conv(8, (3, 3), padding=(1, 1)).act().pool("max", (2, 2))
    net = net.conv(16, (3, 3), padding=(1, 1)).act().graph()
    plan = planned(net, style="folded", pe=4, simd=2, pixels=2)
    found = maps(plan)
    beats = [there.height * there.row_beats for there in found]
    steps = [len(there.tops) * there.row_steps for there in found]
    first = [2 * there.row_beats for there in found]
    assert (beats, steps, first) == ([784, 1568], [2352, 7546], [56, 224])
    assert [there.turns for there in found] == [2352 + 56, 7546 + 224]
    assert plan.interval_cycles == 7546


@pytest.mark.parametrize("seed", range(12))
def test_a_slot_is_free_before_its_next_row_comes(seed):
    """Beats never take longer than steps and beats one after the other, and rows never overlap."""
    for there in maps(planned(random_conv_net(seed), style="folded", **random_folding(seed))):
        beats = there.height * there.row_beats
        steps = len(there.tops) * there.row_steps
        assert max(beats, steps) <= there.turns <= beats + steps
        for top in there.tops:
            come = min(top + there.ahead, there.height)
            assert come - max(top, 0) <= there.slots
