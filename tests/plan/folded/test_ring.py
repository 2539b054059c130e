"""Folded convolutions: plan against reference, cycles against the bound, the ring of rows."""

import dataclasses
import random
from math import ceil, prod

import pytest

from hwgen.errors import PlanError
from hwgen.ir import Add
from hwgen.plan.check.plan import check_plan
from hwgen.plan.check.ring import check_ring
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.ring_rows import RingRows
from hwgen.plan.stages.stage import FoldedDense, Lines, Reorder, Stream, Tap
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.plan.vectors.design import design_vectors
from tests.tiny_graphs import GraphNet
from tests.tiny_maps import MapNet, random_conv_net, random_folding, small_cnn


def check(graph, **options):
    """Plan, compare with the reference, and check the plan as one that was edited."""
    plan = plan_design(graph, BuildOptions(style="folded", effort="low", **options))
    design_vectors(plan, graph, random=3)
    check_plan(plan, graph, layers_of(graph), "plan.json")
    return plan


def convolutions(plan):
    return [s for s in plan.stages if isinstance(s, FoldedDense) and s.lines is not None]


@pytest.mark.parametrize("seed", range(12))
def test_random_windows_are_read_as_the_reference_does(seed):
    check(random_conv_net(seed), **random_folding(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 412))
def test_many_random_windows_are_read_as_the_reference_does(seed):
    check(random_conv_net(seed), **random_folding(seed))


@pytest.mark.parametrize(
    ("zeros", "fold"),
    [
        (0.5, {"pe": 4, "pixels": 4}),
        (0.5, {"pe": 1, "pixels": 8}),
        (0.75, {"pe": 2, "simd": 2, "pixels": 2}),
        (0.9, {"pe": 4, "pixels": 4}),
        (0.9, {"pe": 8, "pixels": 1}),
        (0.98, {"pe": 1, "pixels": 1}),
    ],
)
def test_cycles_are_near_those_of_the_nonzero_weights(zeros, fold):
    graph = MapNet(2, (16, 16, 16)).conv(16, (3, 3), padding=(1, 1), density=1 - zeros).graph()
    plan = plan_design(graph, BuildOptions(style="folded", **fold))
    multipliers = prod((fold["pe"], fold.get("simd", 1), fold["pixels"]))
    bound = plan.layers[0].nonzero * 16 * 16 / multipliers
    assert convolutions(plan)[0].cycles >= 16
    assert plan.interval_cycles <= 1.10 * bound


@pytest.mark.parametrize("pixels", [1, 2, 4])
def test_neighbours_share_a_program(pixels):
    plan = check(small_cnn(1, size=(8, 8)), pe=1, pixels=pixels)
    one = check(small_cnn(1, size=(8, 8)), pe=1, pixels=1)
    assert [s.pixels for s in convolutions(plan)] == [pixels, pixels]
    first, alone = convolutions(plan)[0], convolutions(one)[0]
    assert first.multipliers == pixels * alone.multipliers
    assert first.elements == alone.elements
    assert plan.layers[0].cycles == first.cycles * 64 // pixels


def test_a_row_is_shared_by_as_many_as_divide_it():
    plan = check(MapNet(0, (1, 3, 9)).conv(2, (1, 1)).act().graph(), pe=1, pixels=4)
    assert plan.choices[0].pixels == 3


def test_without_options_neighbours_share_a_program():
    plan = check(MapNet(0, (1, 8, 8)).conv(2, (3, 3), padding=(1, 1)).act().graph())
    assert (plan.choices[0].pe, plan.choices[0].pixels) == (1, 4)


def test_constants_at_borders_are_inputs():
    net = MapNet(3, (2, 5, 6))
    net.conv(3, (3, 3)).act("u3")
    check(net.conv(4, (3, 3), padding=(2, 2)).act().graph(), pe=2, pixels=3)


def ring(image, kernel, stride=(1, 1), padding=(0, 0), pixels=1, channels=4, lanes=1):
    windows = tuple(
        (size + 2 * p - k) // s + 1
        for size, k, s, p in zip(image, kernel, stride, padding, strict=True)
    )
    kind = MapNet(0, (1, 1, 1), "u4").input.type
    inputs = Stream(lanes=(kind,) * lanes, order=tuple(range(channels)), image=image)
    outputs = Stream(lanes=(kind,), order=tuple(range(pixels)), image=windows, pixels=pixels)
    taps = tuple(Tap(u, v, 0) for u in range(kernel[0]) for v in range(kernel[1]))
    origin = (-padding[0], -padding[1])
    lines = Lines(kernel=kernel, stride=stride, origin=origin, taps=taps)
    return LineShape(inputs, outputs, lines)


@pytest.mark.parametrize(
    ("shape", "slots", "span"),
    [
        (ring((8, 8), (3, 3), padding=(1, 1), pixels=4), 4, 6),
        (ring((8, 8), (3, 3), padding=(1, 1), pixels=1), 4, 3),
        (ring((8, 8), (3, 3), (2, 2), (1, 1), pixels=4), 5, 5),
        (ring((8, 8), (1, 1), pixels=8), 2, 8),
        (ring((8, 8), (1, 1), (2, 2), pixels=4), 2, 4),
        (ring((8, 8), (5, 5), padding=(2, 2), pixels=2), 6, 6),
        (ring((2, 2), (3, 3), padding=(1, 1), pixels=2), 4, 4),
    ],
)
def test_rows_and_columns_of_the_ring(shape, slots, span):
    assert (shape.rows.slots, shape.columns.span) == (slots, span)


def test_a_map_that_is_read_pixel_by_pixel_needs_no_rows():
    assert ring((8, 8), (1, 1), pixels=4).depth == 2 * 4


def test_rows_that_no_window_sees_are_not_stored():
    shape = ring((9, 9), (2, 2), (4, 4))
    assert shape.rows.stored == (True, True, False, False, True, True, False, False, False)


@pytest.mark.parametrize("seed", range(6))
def test_one_row_fewer_is_slower(seed, monkeypatch):
    rng = random.Random(seed)
    kernel, stride = rng.choice([(2, 1), (3, 1), (3, 2), (4, 3)])
    net = MapNet(seed, (2, 7, 8)).conv(3, (kernel, kernel), stride=(stride, stride))
    plan = plan_design(net.graph(), BuildOptions(style="folded", pe=1, pixels=1, effort="low"))
    unit = convolutions(plan)[0]
    enough = latency_and_interval((unit,))[1]
    fewer = ring_of(unit).rows.slots - 1
    assert fewer >= max(ring_of(unit).rows.wanted)  # or it would stand still
    monkeypatch.setattr(RingRows, "slots", fewer)
    assert latency_and_interval((unit,))[1] > enough


EDITS = {
    "taps": (
        lambda s: dataclasses.replace(
            s, lines=dataclasses.replace(s.lines, taps=s.lines.taps[::-1])
        ),
        "plan.json.stages[1].lines.taps: must be that of conv0's windows",
    ),
    "padding": (
        lambda s: dataclasses.replace(s, lines=dataclasses.replace(s.lines, origin=(0, -1))),
        "plan.json.stages[1].lines.origin: must be that of conv0's windows, [-1, -1]; undo",
    ),
    "spare rows": (
        lambda s: dataclasses.replace(s, lines=dataclasses.replace(s.lines, spare=-1)),
        "plan.json.stages[1].lines.spare: must be 0 to the map's 4 rows, not -1",
    ),
    "turns": (
        lambda s: dataclasses.replace(s, turns=s.turns[::-1]),
        "plan.json.stages[1].turns: must hold the 2 copies of each set one after another",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edits_that_read_other_windows_are_refused(edit):
    graph = MapNet(4, (3, 4, 4)).conv(4, (3, 3), padding=(1, 1)).graph()
    plan = plan_design(graph, BuildOptions(style="folded", pe=2, pixels=2, effort="low"))
    change, sentence = EDITS[edit]
    stages = tuple(change(s) if isinstance(s, FoldedDense) else s for s in plan.stages)
    with pytest.raises(PlanError) as caught:
        check_plan(dataclasses.replace(plan, stages=stages), graph, layers_of(graph), "plan.json")
    assert str(caught.value).startswith(sentence)


def test_neighbours_are_put_in_order_before_a_pooling_and_at_the_end():
    net = MapNet(1, (2, 4, 8)).conv(3, (3, 3), padding=(1, 1)).act().pool("max", (2, 2))
    plan = check(net.conv(2, (1, 1)).act().graph(), pe=1, pixels=4)
    orders = [s for s in plan.stages if isinstance(s, Reorder)]
    assert [(s.inputs.pixels, s.outputs.pixels) for s in orders] == [(4, 1), (4, 1)]


@pytest.mark.parametrize("fps", [1_000, 20_000, 100_000])
def test_goals_choose_neighbours_and_are_kept(fps):
    graph = small_cnn(2, size=(8, 8))
    options = BuildOptions(style="folded", effort="low", fps=fps, clock_mhz=100.0)
    plan = plan_design(graph, options)
    design_vectors(plan, graph, random=2)
    assert plan.interval_cycles <= ceil(100e6 / fps)


def depthwise(zeros, channels=64):
    where = {"padding": (1, 1), "groups": channels, "density": 1 - zeros}
    return MapNet(0, (channels, 16, 16)).conv(channels, (3, 3), **where).act().graph()


@pytest.mark.parametrize(
    ("zeros", "fold", "beside"),
    [
        (0.5, {"pe": 4, "pixels": 4}, 2),
        (0.7, {"pe": 4, "pixels": 4}, 4),
        (0.75, {"pe": 2, "pixels": 8}, 8),
        (0.9, {"pe": 1, "pixels": 4}, 4),
    ],
)
def test_depthwise_layers_are_near_the_bound_too(zeros, fold, beside):
    plan = plan_design(depthwise(zeros), BuildOptions(style="folded", **fold))
    bound = plan.layers[0].nonzero * 16 * 16 / prod(fold.values())
    unit = convolutions(plan)[0]
    assert unit.cycles >= 20
    assert unit.outputs.beside == beside
    assert plan.interval_cycles <= 1.10 * bound


@pytest.mark.parametrize("target", ["xc7", "ice40"])
def test_dense_mode_multiplies_by_zeros_but_not_between_groups(target):
    """Four groups of four rows, a third of the weights zero, and an addition."""
    net = GraphNet(1, (16, 8, 8)).act("u2")
    start = net.source
    net.conv(16, (3, 3), groups=4, padding=(1, 1), density=0.66).act("u2")
    graph = net.join(Add, net.source, start).act("u2").graph()
    dense = {"skip": False, "accumulator": "32", "target": target}
    for pe, pixels in ((1, 1), (2, 2)):
        plan = check(graph, pe=pe, pixels=pixels, **dense)
        for layer, summary in zip(layers_of(graph)[1:], plan.layers[1:], strict=True):
            least = layer.products * 64 // (pe * pixels)
            slack = 1.1 if layer.name.startswith("conv") else 1.5  # rows of one or two weights
            assert least <= summary.cycles <= slack * least
            if layer.name.startswith("conv"):
                assert 1.3 * layer.nonzero < layer.products < 16 * 16 * 9 / 4
    assert layer.products == 2 * 16


def test_the_copies_of_a_depthwise_layer_hold_little_more_than_one_map():
    fold = {"pe": 4, "pixels": 4}
    unit = convolutions(plan_design(depthwise(0.5), BuildOptions(style="folded", **fold)))[0]
    shape = ring_of(unit)
    whole = LineShape(unit.inputs, unit.outputs, dataclasses.replace(unit.lines, split=False))
    assert (unit.lines.split, len(shape.kept)) == (True, 4)
    assert 4 * shape.depth * shape.width < 2 * whole.depth * whole.width


def test_copies_of_a_convolution_of_all_channels_are_alike():
    graph = MapNet(2, (16, 8, 8)).conv(16, (3, 3), padding=(1, 1), density=0.1).graph()
    unit = convolutions(plan_design(graph, BuildOptions(style="folded", pe=4, pixels=4)))[0]
    assert (unit.lines.split, unit.outputs.beside) == (False, 1)


def separable(zeros, stride=(1, 1), kernel=(1, 1), density=0.5):
    """A depthwise convolution whose short rows leave beside one another, and one that reads it."""
    where = {"padding": (1, 1), "groups": 8, "density": 1 - zeros}
    net = MapNet(3, (8, 4, 8)).conv(8, (3, 3), **where).act()
    return net.conv(6, kernel, stride=stride, density=density).act().graph()


@pytest.mark.parametrize(
    ("graph", "besides"),
    [
        (separable(0.75), (4, 4)),
        (separable(0.75, stride=(2, 2)), (1, 1)),
        (separable(0.75, kernel=(2, 3), density=0.1), None),
    ],
)
def test_neighbours_come_beside_one_another_where_the_reader_takes_them(graph, besides):
    plan = check(graph, pe=4, pixels=4)
    found = tuple(unit.outputs.beside for unit in convolutions(plan))
    assert besides is None or found == besides


def test_rows_without_weights_do_not_leave_where_constants_are_known():
    net = MapNet(0, (8, 4, 4)).conv(8, (3, 3), padding=(1, 1), groups=8, density=0.1).act()
    rows = net.nodes[0].weight.reshape(8, -1).any(axis=1).sum()
    assert rows < 8
    left = set(convolutions(check(net.graph(), pe=1, pixels=4))[0].rows)
    assert len(left - {-1}) == rows


def test_rows_without_weights_leave_to_windows_at_borders():
    net = MapNet(0, (8, 4, 4)).conv(8, (3, 3), padding=(1, 1), groups=8, density=0.1).act()
    net.conv(3, (3, 3), padding=(1, 1), density=1).act()
    assert len(set(convolutions(check(net.graph(), pe=1, pixels=4))[0].rows) - {-1}) == 8


def test_beats_that_a_ring_cannot_take_are_refused():
    graph = separable(0.75)
    plan = plan_design(graph, BuildOptions(style="folded", pe=4, pixels=4, effort="low"))
    unit = convolutions(plan)[1]
    fewer = dataclasses.replace(unit, outputs=dataclasses.replace(unit.outputs, pixels=2, beside=2))
    with pytest.raises(PlanError) as caught:
        check_ring(fewer, layers_of(graph)[1], "plan.json.stages[3]")
    assert str(caught.value).endswith(
        "inputs.beside: must be 1, or divide the 2 windows side by side where no stride cuts "
        "columns, not 4"
    )


def test_beside_divides_neighbours_and_lanes():
    kind = MapNet(0, (1, 1, 1), "u4").input.type
    with pytest.raises(ValueError, match="beside must divide the 4 neighbours and the 4 lanes"):
        Stream(lanes=(kind,) * 4, order=tuple(range(4)), image=(1, 4), pixels=4, beside=3)
