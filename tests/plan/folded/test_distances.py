"""Programs of distances: what the register of a reader makes of them, and what they take."""

import dataclasses
from math import ceil

import pytest

from hwgen.errors import PlanError
from hwgen.plan.check.plan import check_plan
from hwgen.plan.folded.program import _repeating
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import FoldedDense
from hwgen.plan.vectors.design import design_vectors
from tests.tiny_maps import MapNet, random_conv_net, random_folding
from tests.tiny_nets import network


def planned(graph, **options):
    return plan_design(graph, BuildOptions(style="folded", effort="low", **options))


def units(plan):
    return [s for s in plan.stages if isinstance(s, FoldedDense) and not s.counted]


def walked(memory, multiplier):
    """The places that a register gives in two vectors, as the RTL has it."""
    place, found = memory.starts[multiplier], []
    bits = len(memory.places[multiplier])
    for step in [*range(memory.steps)] * 2:
        found.append(place)
        word = [column >> step & 1 for column in memory.places[multiplier]]
        begins = memory.ends[memory.sets[multiplier]] >> step & 1
        distance = sum(bit << k for k, bit in enumerate(word))
        place = ((0 if begins else place) + distance) % (1 << bits)
    return found


GRAPHS = {
    "vectors": (network(1, widths=(32, 24, 5), density=0.4), {"pe": 3}),
    "several lanes": (network(2, widths=(16, 12, 5)), {"pe": 2, "simd": 2}),
    "long rows": (network(3, widths=(16, 12, 5), density=0.1, long_row=True), {"pe": 4}),
    "depthwise": (
        MapNet(0, (8, 4, 4)).conv(8, (3, 3), padding=(1, 1), groups=8, density=0.3).act().graph(),
        {"pe": 4, "pixels": 2},
    ),
    **{f"random {k}": (random_conv_net(k), random_folding(k)) for k in range(6)},
}


@pytest.mark.parametrize(("graph", "options"), GRAPHS.values(), ids=GRAPHS)
def test_a_register_gives_the_places_whatever_they_are(graph, options):
    for stage in units(planned(graph, **options)):
        memory = program_memory(dataclasses.replace(stage, distances=True))
        direct = program_memory(dataclasses.replace(stage, distances=False))
        for multiplier, columns in enumerate(direct.places):
            places = [
                sum((column >> step & 1) << k for k, column in enumerate(columns))
                for step in range(stage.cycles)
            ]
            assert walked(memory, multiplier) == places * 2


@pytest.mark.parametrize("target", ["xc7", "ecp5"])
def test_dense_rows_take_fewer_bits_and_no_more_steps(target):
    graph = network(1, widths=(48, 48, 5), codes="u2", density=0.5)
    plan = planned(graph, pe=1, target=target)
    stage = units(plan)[0]
    assert stage.distances
    places = dataclasses.replace(stage, distances=False)
    assert len(program_memory(stage).held) <= len(program_memory(places).held) - 2
    assert stage.cycles == ceil(stage.nonzero)
    design_vectors(plan, graph, random=3)
    check_plan(plan, graph, layers_of(graph), "plan.json")


def test_few_sparse_rows_keep_their_places():
    (stage, *_) = units(planned(network(1, widths=(32, 6, 5), density=0.1), pe=2))
    assert not stage.distances


@pytest.mark.parametrize(
    ("count", "lanes", "expected"),
    [
        (3, 1, [0, 1, 2, 2, 2, 2]),
        (3, 2, [0, 1, 2, 1, 2, 1]),
        (4, 3, [0, 1, 2, 3, 1, 2]),
        (1, 3, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_steps_without_a_product_read_where_the_lane_has_read(count, lanes, expected):
    assert _repeating(count, 6, lanes).tolist() == expected


def test_dense_mode_has_no_distances():
    graph = network(1, widths=(8, 4), argmax=False)
    plan = planned(graph, pe=2, simd=2, skip=False)
    assert plan.stages[0].counted
    edited = dataclasses.replace(plan.stages[0], distances=True)
    edited = dataclasses.replace(plan, stages=(edited, *plan.stages[1:]))
    with pytest.raises(PlanError, match=r"stages\[0\].distances: must be false where counted"):
        check_plan(edited, graph, layers_of(graph), "plan.json")
