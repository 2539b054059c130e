"""What stages promise, against their handshakes: kept waiting for input, and by what they give."""

import pytest

from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo
from hwgen.plan.streams.control import no_sink
from hwgen.plan.streams.handshakes import FOREVER, Handshakes
from hwgen.plan.streams.promises import promise_of
from hwgen.rhythm.tables import spread
from tests.random_graphs import random_graph
from tests.tiny_graphs import NETS
from tests.tiny_maps import random_conv_net, random_folding


def stages_of(seed):
    for net, style in ((random_graph, "unrolled"), (random_graph, "folded")):
        folding = {} if style == "unrolled" else random_folding(seed)
        yield from plan_design(net(seed), BuildOptions(effort="low", style=style, **folding)).stages
    folding = {"style": "folded", "effort": "low", **random_folding(seed)}
    yield from plan_design(random_conv_net(seed), BuildOptions(**folding)).stages


def given_one_by_one(stage, beats):
    """Output beats that have left when all stands still behind each input beat."""
    design, left = Handshakes((stage,)), []
    for beat in range(1, beats + 1):
        while design.clock.came < beat:
            assert design.cycle(True)[0] < FOREVER
        while design.cycle(False)[0] < FOREVER:
            pass
        left.append(design.clock.left)
    return left


def taken_behind(stage, beats):
    """Input beats that are taken when so many output beats were."""
    stages = (stage,)
    if beats:
        stages += (Fifo(name="q", inputs=stage.outputs, outputs=stage.outputs, depth=beats),)
    design = Handshakes(stages, None, no_sink())
    design.run(1)  # until it stands still
    return design.clock.came


def check(stage):
    promise = promise_of(stage)
    if promise.depth:
        return
    needs, takes = spread(promise.needs), spread(promise.takes)
    given = given_one_by_one(stage, promise.beats)
    assert given == [int((needs <= came).sum()) for came in range(1, promise.beats + 1)]
    for beats in {0, *range(2, len(takes), max(len(takes) // 8, 1))}:
        assert taken_behind(stage, beats) >= takes[beats]


@pytest.mark.parametrize("seed", [0, 1, 57])
def test_stages_give_and_take_what_they_promise(seed):
    for stage in stages_of(seed):
        check(stage)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 57))
def test_many_stages_give_and_take_what_they_promise(seed):
    for stage in stages_of(seed):
        check(stage)


@pytest.mark.parametrize("style", ["unrolled", pytest.param("folded", marks=pytest.mark.slow)])
def test_stages_of_branches_give_and_take_what_they_promise(style):
    for net in NETS.values():
        for stage in plan_design(net(), BuildOptions(effort="low", style=style)).stages:
            check(stage)
