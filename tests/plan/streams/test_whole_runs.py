"""Runs of whole designs against the same stages stepped one cycle at a time, none skipped."""

from itertools import pairwise

import pytest

from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo
from hwgen.plan.streams.handshakes import Handshakes, StageModel
from hwgen.plan.streams.timing import latency_and_interval
from tests.random_graphs import random_graph
from tests.tiny_maps import random_conv_net, random_folding


class Stepped:
    """A graph of stages, followed by what handshakes are: a beat moves where all agree."""

    def __init__(self, stages, reads):
        self.stages, self.reads = stages, reads
        self.models = [StageModel(stage) for stage in stages]
        self.places = [-1, *range(len(stages))]

    def readers(self, place):
        return [k for k, sources in enumerate(self.reads) if place in sources]

    def is_there(self, offered, reader, place):
        """Whether a reader sees a beat: it is offered, and the queues beside have room."""
        others = [k for k in self.readers(place) if k != reader and self.is_queue(k)]
        return offered[place] and all(self.models[k].ready(False) for k in others)

    def is_queue(self, index):
        return isinstance(self.stages[index], Fifo)

    def cycle(self, offers):
        offered, taken = {-1: offers}, {}
        for k, sources in enumerate(self.reads):
            there = all(self.is_there(offered, k, source) for source in sources)
            offered[k] = self.models[k].valid(there)
        for place in reversed(self.places):
            taken[place] = all(
                self.models[k].ready(taken[k])
                and all(self.is_there(offered, k, s) for s in self.reads[k] if s != place)
                for k in self.readers(place)
            )
        moved = {place: offered[place] and taken[place] for place in self.places}
        for k, sources in enumerate(self.reads):
            arrived = all(moved[source] for source in sources)
            self.models[k].tick(arrived, moved[k], taken[k])
        return moved[-1], moved[self.places[-1]]


def stepped(plan, vectors, cycles=100_000):
    """Latency, and the cycles between the last beats of vectors."""
    design, beats = Stepped(plan.stages, plan.reads), plan.stages[-1].outputs.beats
    came, left = [], []
    for cycle in range(cycles):
        has_come, has_left = design.cycle(True)
        came += [cycle] * has_come
        left += [cycle] * has_left
        if len(left) == vectors * beats:
            break
    ends = left[beats - 1 :: beats]
    return left[0] - came[0], [late - early for early, late in pairwise(ends)]


def plans(seed):
    yield plan_design(random_graph(seed), BuildOptions(effort="low"))
    folding = {"style": "folded", "effort": "low", **random_folding(seed)}
    yield plan_design(random_conv_net(seed), BuildOptions(**folding))


@pytest.mark.parametrize("seed", range(6))
def test_runs_are_those_of_stages_stepped_one_cycle_at_a_time(seed):
    for plan in plans(seed):
        latency, intervals = stepped(plan, 6)
        assert latency_and_interval(plan.stages, plan.reads) == (latency, max(intervals[-3:]))


def test_an_even_source_is_as_late_as_it_says():
    plan = plan_design(random_graph(1), BuildOptions(effort="low"))
    beats, goal = plan.inputs.beats, 10 * plan.interval_cycles
    design, slow = Handshakes(plan.stages, plan.reads), Stepped(plan.stages, plan.reads)
    wanted = 2 * plan.stages[-1].outputs.beats
    assert design.run(wanted, goal, beats)
    cycle = came = left = 0
    while left < wanted:
        has_come, has_left = slow.cycle(cycle >= came * goal // beats)
        cycle, came, left = cycle + 1, came + has_come, left + has_left
    assert (design.clock.cycle, design.clock.came) == (cycle, came)
