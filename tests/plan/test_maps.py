"""Chains on maps: what the plan gives is what the reference gives, and every range is exact."""

import dataclasses
import json
import time
from math import prod

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.ir import Conv2d, Graph, Input, MaxPool2d, Threshold
from hwgen.numeric import IntType, Range
from hwgen.plan.check.plan import check_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, read_plan
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo, FoldedDense, UnrolledDense, WindowBuffer
from hwgen.plan.stages.window import Tap
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.plan.vectors.design import design_vectors
from hwgen.plan.windows import cut_window, full_window
from hwgen.reference import run
from tests.tiny_maps import MapNet, random_map_net, small_cnn
from tests.tiny_nets import conv2d, random_inputs

U3 = IntType.parse("u3")
FEW = BuildOptions(style="unrolled", effort="low")


def check_plan_of(graph, **options):
    plan = plan_design(graph, dataclasses.replace(FEW, **options))
    design_vectors(plan, graph, random=8)  # compares with the reference, or raises
    return plan


@pytest.mark.parametrize("seed", range(24))
def test_random_chains_give_what_the_reference_gives(seed):
    check_plan_of(random_map_net(seed), target=("xc7", "ecp5", "ice40")[seed % 3])


@pytest.mark.parametrize("seed", range(16))
def test_random_folded_chains_give_what_the_reference_gives(seed):
    fold = {"pe": 1 + seed % 4, "simd": 1 + seed % 2, "skip": seed % 5 > 0}
    check_plan_of(random_map_net(seed), style="folded", **fold)


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_window_may_see_nothing_but_padding(style):
    """One row, and a stride that leaves the window above it alone."""
    net = MapNet(0, (2, 1, 1)).conv(3, (1, 1), stride=(3, 1), padding=(1, 0)).act()
    graph = net.flatten().graph()
    check_plan_of(graph, style=style)
    assert layers_of(graph)[0].nonzero == 0


def test_a_folded_layer_takes_its_program_at_every_position():
    plan = check_plan_of(small_cnn(), style="folded", pe=2, simd=1)
    steps = next(s.cycles for s in plan.stages if isinstance(s, FoldedDense))
    assert plan.layers[0].cycles == 30 * steps
    assert plan.interval_cycles <= 1.05 * plan.layers[0].cycles


def test_a_queue_stands_where_windows_come_in_bursts():
    net = MapNet(0, (1, 11, 11)).conv(2, (3, 3), padding=(1, 1)).act()
    net.conv(2, (3, 3), stride=(2, 2), padding=(1, 1)).act()
    net.conv(2, (2, 2), padding=(1, 1)).act().conv(2, (3, 3), padding=(1, 1)).act()
    plan = plan_design(net.graph(), FEW)
    assert plan.interval_cycles == 121
    assert [stage.depth for stage in plan.stages if isinstance(stage, Fifo)] == [4]
    without = tuple(stage for stage in plan.stages if not isinstance(stage, Fifo))
    assert latency_and_interval(without)[1] == 127


def test_a_queue_stands_within_the_first_layer_too():
    net = MapNet(0, (1, 11, 11)).pool("max", (2, 2), (1, 1))
    net.conv(2, (3, 3), stride=(2, 2)).act().conv(2, (3, 3), padding=(1, 1)).act()
    plan = plan_design(net.graph(), FEW)
    assert plan.interval_cycles == 121


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_flatten_at_the_end_changes_nothing(style):
    net = MapNet(0, (2, 4, 4)).conv(3, (3, 3), padding=(1, 1)).act()
    plain = check_plan_of(net.graph(), style=style)
    flat = check_plan_of(net.flatten().graph(), style=style)
    assert flat.stages == plain.stages
    assert flat.outputs.order[:3] == (0, 1, 2)
    assert len(set(flat.outputs.lanes)) == 1


def wide_windows():
    weight = np.ones((1, 700, 5, 5), np.int64)
    u4 = IntType.parse("u4")
    node = conv2d("c", "input", weight, u4.range, padding=(2, 2))
    source = Input(shape=(700, 5, 5), type=u4)
    return Graph(name="net", input=source, nodes=(node,), output="c")


def test_a_window_that_no_port_can_show_is_read_where_it_lies():
    plan = plan_design(wide_windows(), BuildOptions(style="folded", pe=1, simd=64, effort="low"))
    assert next(s.lines for s in plan.stages if isinstance(s, FoldedDense)) is not None


def test_a_window_that_no_port_can_show_is_refused():
    with pytest.raises(PlanError) as caught:
        plan_design(wide_windows(), BuildOptions(style="unrolled", effort="low"))
    assert str(caught.value) == (
        "c: the 17,500 taps of a window must have at most 65,536 bits together, as wide as a "
        "Verilog vector is sure to be, not 70,000; use at most 16,384 nonzero taps, or groups"
    )


def test_taps_are_cut_in_time_that_grows_as_they_do():
    """Of 32,000 taps; each looked through all others, which took minutes."""
    window = full_window((4, 4), 2000, (4, 4), (1, 1), (1, 1))
    begin = time.process_time()
    cut = cut_window(window, np.arange(2000, len(window.taps)))
    assert time.process_time() - begin < 5
    assert (cut.taps[0], len(cut.taps)) == (Tap(0, 1, 0), 30_000)


@pytest.mark.parametrize("fps", [200_000, 1_000_000, 3_333_333])
def test_a_throughput_is_kept_by_a_net_of_maps(fps):
    options = BuildOptions(fps=fps, clock_mhz=100, effort="low")
    assert plan_design(small_cnn(), options).interval_cycles <= 100_000_000 // fps


def test_a_throughput_above_a_pixel_a_cycle_is_refused():
    with pytest.raises(PlanError, match="conv0 takes 30 at the least; the nearest that can be"):
        plan_design(small_cnn(), BuildOptions(fps=4_000_000, clock_mhz=100, effort="low"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24, 600))
def test_many_random_chains_give_what_the_reference_gives(seed):
    check_plan_of(random_map_net(seed), target=("xc7", "ecp5", "ice40")[seed % 3])


@pytest.mark.parametrize("seed", range(8))
def test_every_value_of_a_map_lies_in_its_range_and_sums_reach_both_ends(seed):
    net = MapNet(seed, (2, 3, 4), "u1")
    net.conv(2, (3, 2), stride=(1, 1 + seed % 2), padding=(1, seed % 2), density=0.5)
    graph = net.graph()
    layer = layers_of(graph)[0]
    spread = np.arange(1 << 14)[:, None] * 1021 >> np.arange(24) & 1  # maps of all 2**24
    x = random_inputs(graph, 4000) if seed else spread.reshape(-1, 2, 3, 4)
    sums = run(graph, x)[layer.name]
    for channel, total in enumerate(layer.totals):
        assert total.lo <= sums[:, channel].min() <= sums[:, channel].max() <= total.hi


def border_net(low):
    """A channel whose codes are `low` and more, in front of a padded convolution."""
    steps = np.array([[0] * low + list(range(1, 8 - low))])
    act = Threshold(name="t", inputs=("input",), thresholds=steps, output=U3)
    node = conv2d("c", "t", [[[[0, -1, 0], [0, 2, 0], [0, -1, 0]]]], U3.range, padding=(1, 1))
    source = Input(shape=(1, 4, 3), type=IntType.parse("u4"))
    return Graph(name="border", input=source, nodes=(act, node), output="c")


def test_a_range_without_zero_meets_the_zeros_of_the_border():
    """[3, 7] times 2, less one above and one below: inside the sum is 0 at the least, at a border.

    more at the most: only there one of the two is missing.
    """
    graph = border_net(3)
    first, second = layers_of(graph)
    assert first.outputs == (Range(3, 7),)
    assert second.totals == (Range(2 * 3 - 7 - 7, 2 * 7 - 3),)
    sums = run(graph, random_inputs(graph, 3000))["c"]
    assert sums.max() == 11
    assert sums[:, :, 1:3].max() == 8
    check_plan_of(graph)


@pytest.mark.parametrize("padding", [0, 1])
def test_a_constant_channel_is_part_of_the_bias_where_no_border_cuts_it(padding):
    steps = np.array([[-1, -1, 99], [1, 2, 3]])  # channel 0 is always 2
    act = Threshold(name="t", inputs=("input",), thresholds=steps, output=IntType.parse("u2"))
    weight = np.ones((1, 2, 3, 1), np.int64)
    node = conv2d("c", "t", weight, Range(0, 3), padding=(padding, 0))
    source = Input(shape=(2, 4, 3), type=U3)
    graph = Graph(name="net", input=source, nodes=(act, node), output="c")
    layer = layers_of(graph)[1]
    assert layer.bias.tolist() == [2 if padding else 6]  # the middle tap is inside everywhere
    assert layer.columns == (5 if padding else 3)
    assert layer.totals == (Range(4 if padding else 6, 15),)
    check_plan_of(graph)


def test_taps_that_no_weight_reads_are_not_there():
    weight = np.zeros((2, 2, 3, 3), np.int64)
    weight[0, 1, 2, 1], weight[1, 0, 1, 2] = 3, -2
    node = conv2d("c", "input", weight, U3.range, padding=(1, 1))
    source = Input(shape=(2, 5, 6), type=U3)
    graph = Graph(name="net", input=source, nodes=(node,), output="c")
    window, dense = check_plan_of(graph).stages
    assert isinstance(window, WindowBuffer)
    assert window.taps == ((0, 1, 0), (1, 0, 1))
    assert (window.kernel, window.origin) == ((2, 2), (0, 0))
    assert window.delayed == (1, 0)
    assert isinstance(dense, UnrolledDense)


def test_a_tap_outside_a_small_map_is_not_there():
    """Of a 3x3 kernel on a map of one pixel only the middle ever sees it."""
    node = conv2d("c", "input", np.ones((1, 1, 3, 3)), U3.range, padding=(1, 1))
    graph = Graph(name="net", input=Input(shape=(1, 1, 1), type=U3), nodes=(node,), output="c")
    layer = layers_of(graph)[0]
    assert (layer.columns, layer.totals, layer.fan_in) == (1, (Range(0, 7),), 9)
    assert [type(stage) for stage in check_plan_of(graph).stages] == [UnrolledDense]


def test_depthwise_is_block_diagonal():
    net = MapNet(0, (3, 4, 4)).conv(6, (3, 3), groups=3, density=1)
    graph = net.graph()
    layer = layers_of(graph)[0]
    for row, weights in enumerate(layer.weight):
        read = {layer.window.taps[column].lane for column in np.flatnonzero(weights)}
        assert read == {row // 2}


def test_a_dense_layer_behind_a_map_reads_it_in_the_order_of_the_network():
    net = MapNet(3, (2, 3, 2)).conv(3, (2, 2)).act().flatten().dense(3)
    plan = check_plan_of(net.graph())
    assert plan.stages[-2].name.endswith("__wide")
    assert plan.outputs.positions == 1


def test_a_net_of_every_operation_has_all_its_layers_in_the_plan():
    graph = small_cnn()
    plan = check_plan_of(graph)
    assert [layer.op for layer in plan.layers] == ["conv2d", "conv2d", "threshold", "dense"]
    assert [layer.columns for layer in plan.layers] == [18, 36, 1, 3]
    assert plan.layers[0].cycles == 30


def test_a_plan_with_poolings_given_back_is_the_same_plan(tmp_path):
    plan = check_plan_of(small_cnn())
    (tmp_path / "plan.json").write_text(json.dumps(plan_document(plan)))
    assert read_plan(tmp_path / "plan.json") == plan


@pytest.mark.parametrize(
    ("net", "options"),
    [
        (
            MapNet(0, (1, 4, 1), "u1").pool("sum", (1, 1), (2, 2)).conv(2, (3, 1), padding=(2, 0)),
            {},
        ),
        (MapNet(0, (1, 1, 2)).conv(2, (1, 3), padding=(0, 1), density=1), {}),
        (
            MapNet(0, (2, 4, 4)).conv(4, (1, 1)),
            {"style": "folded", "pe": 2, "simd": 4, "pixels": 4},
        ),
    ],
    ids=["a queue behind a pooling", "taps that no window shows together", "a queue at the end"],
)
def test_what_is_planned_is_taken(net, options):
    graph = net.graph()
    check_plan(check_plan_of(graph, **options), graph, layers_of(graph), "plan.json")


def test_a_matrix_that_reads_another_ones_sums_is_refused():
    net = MapNet(0, (1, 4, 4)).conv(2, (1, 1)).conv(2, (1, 1))
    with pytest.raises(PlanError) as caught:
        layers_of(net.graph())
    assert str(caught.value) == (
        "maps: conv1: hardware needs a threshold between 'conv0' and 'conv1'; add an activation"
    )


def test_a_pooling_of_the_input_needs_no_matrix():
    pool = MaxPool2d(name="p", inputs=("input",), kernel_size=(2, 1), stride=(1, 1))
    source = Input(shape=(2, 4, 3), type=U3)
    plan = check_plan_of(Graph(name="net", input=source, nodes=(pool,), output="p"))
    assert [type(stage).__name__ for stage in plan.stages] == [
        "WindowBuffer",
        "WindowMax",
        "UnrolledDense",
    ]
    assert prod(plan.outputs.image) == 9


def test_weights_of_a_convolution_are_those_of_its_matrix():
    node = MapNet(1, (4, 3, 3)).conv(4, (2, 3), groups=2, density=1).nodes[0]
    assert isinstance(node, Conv2d)
    source = Input(shape=(4, 3, 3), type=U3)
    layer = layers_of(Graph(name="n", input=source, nodes=(node,), output=node.name))[0]
    for column, (u, v, channel) in enumerate(layer.window.taps):
        group, member = divmod(channel, 2)
        own = layer.weight[2 * group : 2 * group + 2, column]
        assert own.tolist() == node.weight[2 * group : 2 * group + 2, member, u, v].tolist()
