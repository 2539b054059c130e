"""A source that pauses in the middle of a vector: behind it all goes on as fast as before."""

from random import Random

import pytest

from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.streams.handshakes import FOREVER, Handshakes
from hwgen.plan.streams.timing import steady_interval
from tests.tiny_graphs import NETS

VECTORS = 40  # after which the rate is taken as steady


def interval_behind_a_pause(plan, seed):
    design, random = Handshakes(plan.stages, plan.reads), Random(seed)
    beats = plan.outputs.beats
    design.run(3 * beats)
    for _ in range(random.randrange(1, 2 * plan.interval_cycles)):
        design.cycle(True, 0)
    end = design.clock.cycle + random.randrange(1, 2 * plan.interval_cycles)
    while design.clock.cycle < end:
        if design.cycle(False, end - design.clock.cycle - 1)[0] == FOREVER:
            break
    design.run((design.clock.left // beats + 1) * beats)
    return steady_interval(design, beats, VECTORS).interval


@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("net", NETS)
def test_a_pause_does_not_lower_the_rate_for_ever(net, style):
    plan = plan_design(NETS[net](), BuildOptions(effort="low", style=style))
    for seed in range(4):
        assert interval_behind_a_pause(plan, seed) <= plan.interval_cycles
