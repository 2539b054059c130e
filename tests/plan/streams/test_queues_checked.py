"""Queues of planned designs pass the check that shares nothing with how their depths were found."""

import json
from dataclasses import replace

import pytest

from hwgen.errors import PlanError
from hwgen.plan.check.queues import check_queues
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo
from hwgen.plan.streams.order import full_queues
from hwgen.plan.streams.promises import promise_of
from hwgen.rhythm.check import RhythmError, check_rhythm
from hwgen.rhythm.tables import spread
from tests.random_graphs import random_graph
from tests.tiny_graphs import NETS, residual
from tests.tiny_maps import random_folding

STYLES = ("unrolled", "folded")


def planned(seed):
    for style in STYLES:
        folding = {} if style == "unrolled" else random_folding(seed)
        yield plan_design(random_graph(seed), BuildOptions(effort="low", style=style, **folding))


def check(plan):
    queues = [k for k, stage in enumerate(plan.stages) if isinstance(stage, Fifo)]
    assert bool(queues) == (plan.rhythm is not None)
    check_queues(plan, "plan.json")
    if queues:
        assert plan.rhythm.period <= plan.rhythm.vectors * plan.interval_cycles
        vectors = plan.rhythm.start + plan.rhythm.vectors
        places = (plan.inputs, *(stage.outputs for stage in plan.stages))
        for stream, table in zip(places, plan.rhythm.passes, strict=True):
            assert len(spread(table)) == stream.beats * vectors


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("style", STYLES)
def test_queues_of_branches_pass(net, style):
    check(plan_design(NETS[net](), BuildOptions(effort="low", style=style)))


@pytest.mark.parametrize("seed", range(4))
def test_queues_of_random_graphs_pass(seed):
    for plan in planned(seed):
        check(plan)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 120))
def test_queues_of_many_random_graphs_pass(seed):
    for plan in planned(seed):
        check(plan)


@pytest.mark.parametrize("net", ["residual", "u-net", "vectors", "three branches"])
@pytest.mark.parametrize("style", STYLES)
def test_a_queue_of_one_beat_less_is_told(net, style):
    plan = plan_design(NETS[net](), BuildOptions(effort="low", style=style))
    promises = [promise_of(stage) for stage in plan.stages]
    for k, stage in enumerate(plan.stages):
        if isinstance(stage, Fifo) and stage.depth > 2:
            short = [*promises[:k], replace(promises[k], depth=stage.depth - 1), *promises[k + 1 :]]
            with pytest.raises(RhythmError, match=f"hold more than {stage.depth - 1} |stand still"):
                check_rhythm(plan.rhythm, plan.reads, short)


def test_where_something_could_stand_still_the_full_queues_are_found():
    plan = plan_design(residual(), BuildOptions(effort="low", style="unrolled"))
    index = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, Fifo))
    assert full_queues(plan.stages, plan.reads) == []
    short = list(plan.stages)
    short[index] = replace(short[index], depth=4)
    assert full_queues(tuple(short), plan.reads) == [index]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("period", 19, r"rhythm\.passes\[0\], the design's input: 180 beats must pass one after"),
        ("period", 21, r"rhythm: follows from the stages and must stay as it was"),
        ("vectors", 0, "rhythm: start must lie in 0 to"),
        ("passes", ["0"], r"rhythm: passes must have a table for each of 13 places"),
    ],
)
def test_a_rhythm_edited_by_hand_is_refused(tmp_path, key, value, problem):
    net = residual()
    document = plan_document(plan_design(net, BuildOptions(effort="low", style="unrolled")))
    assert document["rhythm"][key] != value
    document["rhythm"][key] = value
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(PlanError, match=rf"^plan\.json\.{problem}"):
        plan_from_file(net, path)
