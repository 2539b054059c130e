"""Networks with branches: the plan gives what the reference gives, and queues are short."""

import json
from dataclasses import replace

import pytest

from hwgen.ir import Add, Concat
from hwgen.ir.subpixel import with_subpixels
from hwgen.plan.check.plan import check_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file, read_plan
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Enlarger, Fifo, RunningPool, Widener
from hwgen.plan.streams.handshakes import FOREVER
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.plan.vectors.design import design_vectors
from tests.random_graphs import random_graph
from tests.tiny_graphs import NETS, GraphNet, input_twice, residual, unet
from tests.tiny_maps import MapNet, random_folding

STYLES = ("unrolled", "folded")


def check_plan_of(graph, **options):
    plan = plan_design(graph, BuildOptions(effort="low", **options))
    design_vectors(plan, graph, random=8)  # compares with the reference, or raises
    built = with_subpixels(graph, plan.subpixel)
    check_plan(plan, built, layers_of(built), "plan.json")
    return plan


def check_random(seed):
    options = {"style": STYLES[seed % 2]}
    if seed % 2:
        options |= random_folding(seed)
    check_plan_of(random_graph(seed), **options)


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
@pytest.mark.parametrize("style", STYLES)
def test_branches_give_what_the_reference_gives(net, style):
    check_plan_of(net(), style=style)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_give_what_the_reference_gives(seed):
    check_random(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60, 460))
def test_many_random_graphs_give_what_the_reference_gives(seed):
    check_random(seed)


RESIDUAL = [
    ("conv0__window", (-1,)),
    ("conv0", (0,)),
    ("act1", (1,)),
    ("conv2__window", (2,)),
    ("conv2", (3,)),
    ("act3", (4,)),
    ("conv4__window", (5,)),
    ("conv4", (6,)),
    ("act5", (7,)),
    ("join6__skip1", (2,)),
    ("join6", (8, 9)),
    ("act7", (10,)),
]


@pytest.mark.parametrize(("width", "full", "least"), [(6, 35, 15), (8, 43, 19)])
def test_a_skip_needs_what_two_windows_see(width, full, least):
    """2 (W + 1) pixels and one more; with that it goes on, but not at full rate."""
    plan = check_plan_of(residual(size=(width, width)), style="unrolled")
    index = next(k for k, s in enumerate(plan.stages) if isinstance(s, Fifo) and s.depth > 2)
    assert (plan.stages[index].depth, plan.interval_cycles) == (full, width**2)

    def interval(depth):
        shorter = replace(plan.stages[index], depth=depth)
        stages = (*plan.stages[:index], shorter, *plan.stages[index + 1 :])
        return latency_and_interval(stages, plan.reads)[1]

    assert least == 2 * (width + 1) + 1
    assert interval(least - 1) == FOREVER
    assert width**2 < interval(least) < FOREVER


def residual_plan():
    return check_plan_of(residual(), style="unrolled")


def test_the_stages_of_a_residual_block():
    """The stream behind the first threshold divides: one way waits for two windows."""
    plan = residual_plan()
    assert list(zip((stage.name for stage in plan.stages), plan.reads, strict=True)) == RESIDUAL
    queues = {stage.name: stage.depth for stage in plan.stages if isinstance(stage, Fifo)}
    assert queues == {"join6__skip1": 31}
    assert plan.interval_cycles == 20  # a pixel a cycle


def lowered(plan, index):
    """The stages, and what they read, with a place less in one queue, or without it."""
    stages, reads = list(plan.stages), list(plan.reads)
    if stages[index].depth > 2:
        stages[index] = replace(stages[index], depth=stages[index].depth - 1)
        return tuple(stages), tuple(reads)
    (before,) = reads.pop(index)
    stages.pop(index)
    moved = {place: place - (place > index) for place in range(-1, len(plan.stages))}
    moved[index] = moved[before]
    return tuple(stages), tuple(tuple(moved[source] for source in own) for own in reads)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "net", ["residual", "u-net", "three branches", "vectors", "repeated pixels"]
)
def test_no_queue_has_a_place_too_many(net, style):
    plan = plan_design(NETS[net](), BuildOptions(effort="low", style=style))
    for index, stage in enumerate(plan.stages):
        if isinstance(stage, Fifo) and (stage.depth > 2 or not at_fork(plan, index)):
            _, interval = latency_and_interval(*lowered(plan, index))
            assert interval > plan.interval_cycles


def at_fork(plan, index):
    """Whether several read what a stage reads: there a queue divides the stream."""
    return sum(plan.reads[index][0] in own for own in plan.reads) > 1


def test_a_design_whose_queue_is_too_short_stands_still():
    """Three rows are behind by more than two places, and both ways of a fork go on at once."""
    plan = residual_plan()
    stages = tuple(
        replace(stage, depth=2) if isinstance(stage, Fifo) else stage for stage in plan.stages
    )
    assert latency_and_interval(stages, plan.reads) == (FOREVER, FOREVER)


def test_a_join_that_reads_the_input_gets_the_inputs_own_stream():
    """The queue had the lanes of all that the join reads."""
    plan = check_plan_of(input_twice(), style="unrolled")
    queue = next(k for k, own in enumerate(plan.reads) if own == (-1,) and is_queue(plan, k))
    assert plan.stages[queue].inputs == plan.inputs
    assert len(plan.inputs.lanes) == 2


def is_queue(plan, index):
    return isinstance(plan.stages[index], Fifo)


@pytest.mark.parametrize("joint", [Add, Concat])
def test_folded_branches_meet_in_beats(joint):
    net = GraphNet(0, (1, 4, 4)).same(4).act()
    skip = net.source
    net.pool("max", (2, 2)).same(4).act().larger(2)
    graph = net.join(joint, net.source, skip).act().same(2).act().graph()
    plan = check_plan_of(graph, style="folded", pe=1, simd=1, subpixel="never")
    assert not any(isinstance(stage, Widener) for stage in plan.stages)
    seen = [s for s in plan.stages if isinstance(s, RunningPool | Enlarger)]
    seen += [s for s, sources in zip(plan.stages, plan.reads, strict=True) if len(sources) > 1]
    assert [stage.inputs.beats_each for stage in seen] == [4, 4, 4]


def test_what_a_vector_is_pooled_of_comes_in_beats():
    net = MapNet(1, (2, 4, 4)).conv(6, (3, 3), padding=(1, 1)).act().pool("sum", (4, 4))
    graph = net.flatten().dense(3).graph()
    plan = check_plan_of(graph, style="folded", pe=2, simd=1)
    pool = next(stage for stage in plan.stages if isinstance(stage, RunningPool))
    assert (pool.inputs.beats_each, pool.outputs.beats) == (6, 6)


def test_an_enlarger_shows_a_pixel_a_cycle():
    plan = check_plan_of(unet(), style="unrolled")
    (larger,) = (stage for stage in plan.stages if isinstance(stage, Enlarger))
    assert (larger.factor, larger.inputs.image, larger.outputs.image) == (2, (2, 2), (4, 4))
    assert plan.interval_cycles == 16


def test_a_plan_with_branches_given_back_is_the_same_plan(tmp_path):
    graph = unet()
    plan = check_plan_of(graph, style="folded")
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan_document(plan)))
    assert read_plan(path) == plan_from_file(graph, path) == plan


def test_what_stands_before_and_behind_sums_has_names_of_its_own():
    """Sums without a threshold, cut in front of their matrix and behind it: two modules."""
    options = BuildOptions(style="folded", pe=3, simd=2, pixels=1, effort="low")
    names = [stage.name for stage in plan_design(random_graph(26), options).stages]
    assert {"conv0__narrow", "conv0", "flat7_in__narrow", "flat7_in"} < set(names)
    assert len(set(names)) == len(names)
