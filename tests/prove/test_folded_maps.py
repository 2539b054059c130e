"""Designs with folded layers on maps are proved; those with one mistake in the ring are not."""

import dataclasses
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from amaranth import Const

from hwgen.emit import emit, verilog_of
from hwgen.errors import ModelError
from hwgen.flow import build
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_chosen
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.ring_columns import RingColumns
from hwgen.plan.stages.ring_rows import RingRows
from hwgen.plan.stages.stage import FoldedDense, RunningPool
from hwgen.prove import run
from hwgen.prove.machine.streams import words_of
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove
from hwgen.rtl.delay_line import BeatPlaces
from hwgen.rtl.folded_dense import FoldedDenseUnit
from tests.tiny_graphs import GraphNet
from tests.tiny_maps import MapNet, random_conv_net, random_folding


def check(folder, graph, **options):
    """Build a folded design, and give what its proof found."""
    build(graph, BuildOptions(style="folded", effort="low", **options), folder)
    return prove(folder)


def narrow_stride():
    """A stride wider than the kernel: some columns are seen by no window."""
    net = MapNet(6, (5, 2, 8)).conv(5, (1, 1), stride=(1, 4)).act("u1")
    return net.conv(3, (1, 2), stride=(3, 3), padding=(0, 1)).act().graph()


def never_written(beside=0):
    """A window of which one plane lies left of the image: its word in the ring is never written."""
    padding = {"padding": (3, 1), "padding_value": beside}
    net = MapNet(33, (5, 3, 4)).conv(3, (4, 2), stride=(3, 3), **padding).act("s3")
    return net.conv(5, (2, 1), stride=(3, 4)).act("s3").graph()


def shifted_channels():
    """Channels that cannot be 0 on a padded map: beside it they are."""
    net = MapNet(4, (2, 3, 3)).conv(3, (1, 1), density=1).act("u2")
    steps = net.nodes[-1].thresholds.copy()
    steps[0, :1], steps[1] = net.tensor.range.lo - 99, net.tensor.range.lo - 99
    net.nodes[-1] = dataclasses.replace(net.nodes[-1], thresholds=steps)
    return net.conv(2, (3, 3), padding=(1, 1), density=0.9).act().graph()


def pooled_sums():
    """A pooling of sums that have met no threshold, and one of pixels as they come."""
    net = MapNet(2, (1, 4, 2), "u2").conv(2, (3, 3), padding=(1, 1)).pool("max", (2, 2)).act("u2")
    return net.pool("sum", (2, 1)).act("u2").flatten().dense(2).argmax().graph()


def uneven_rows():
    """Two sets of processing elements, two neighbours, and rows that end at steps of their own."""
    net = MapNet(0, (2, 2, 2), "u2").conv(6, (2, 3), padding=(0, 1), density=0.5)
    return net.act("u1").graph()


def full_ring(rows=4, size=4, density=0.9):
    """One multiplier for a row of windows: the full ring takes nothing, while sums leave."""
    net = MapNet(1, (1, size, size), "u2").conv(rows, (3, 3), padding=(1, 1), density=density)
    return net.act("u1").graph()


NETS = {
    "a ring that is full for long": (full_ring, {"pe": 1, "simd": 1, "pixels": 1}),
    "and many sums leave": (lambda: full_ring(32, 16, 0.2), {"pe": 1, "simd": 1, "pixels": 1}),
    "sets with row ends of their own": (uneven_rows, {"pe": 2, "simd": 1, "pixels": 2}),
    "a stride wider than the kernel": (narrow_stride, {"pixels": 6}),
    "words that are never written": (never_written, {"pe": 3, "target": "ice40"}),
    "such words beside codes whose zero is 3": (
        lambda: never_written(3),
        {"pe": 1, "simd": 1, "pixels": 1},
    ),
    "channels that are never 0": (shifted_channels, {"pe": 2, "pixels": 2}),
    "poolings": (pooled_sums, {"pe": 2, "simd": 2, "pixels": 2}),
}


@pytest.mark.parametrize(("net", "options"), NETS.values(), ids=NETS)
def test_a_folded_design_on_a_map_is_proved(tmp_path, net, options):
    assert check(tmp_path / "design", net(), **options).problem is None


def test_a_frame_of_too_many_products_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    graph = narrow_stride()
    build(graph, BuildOptions(style="folded", effort="low"), tmp_path / "design")
    first, second = (np.count_nonzero(graph.nodes[place].weight) for place in (0, 2))
    monkeypatch.setattr(run, "MOST_PRODUCTS", 10)
    with pytest.raises(ModelError) as caught:
        prove(tmp_path / "design")
    assert str(caught.value) == (
        f"{tmp_path / 'design'}: a proof of folded layers on maps must have at most 10 products a "
        f"frame, not {4 * first + second}; use `hwgen sim`"
    )


@pytest.mark.parametrize("seed", [2, 6])
def test_random_folded_designs_on_maps_are_proved(tmp_path, seed):
    graph = random_conv_net(seed)
    assert check(tmp_path / "design", graph, **random_folding(seed)).problem is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 110))
def test_many_random_folded_designs_on_maps_are_proved(tmp_path, seed):
    graph = random_conv_net(seed)
    assert check(tmp_path / "design", graph, **random_folding(seed)).problem is None


MIXES = [
    ("folded", "unrolled", "folded"),
    pytest.param(("unrolled", "folded", "unrolled"), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("styles", MIXES, ids=["unrolled between", "folded between"])
def test_unrolled_and_folded_layers_on_one_map_are_proved(tmp_path, styles):
    net = MapNet(8, (2, 4, 3), "u2").conv(2, (3, 3), padding=(1, 1)).act("u1")
    net.conv(2, (2, 2), stride=(2, 1), padding=(1, 0)).act("u2").pool("max", (2, 2))
    graph = net.flatten().dense(2).graph()
    layers, options = layers_of(graph), BuildOptions()
    choices = tuple(
        unrolled(layer, options) if style == "unrolled" else folded(layer, 2, 1, options)
        for layer, style in zip(layers, styles, strict=True)
    )
    emit(plan_chosen(graph, layers, choices, options), graph, tmp_path / "d", lambda _, __: None)
    assert prove(tmp_path / "d").problem is None


@cache
def sample():
    """A design whose ring has planes, halo, several rows and neighbours; with its plan."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    net = MapNet(5, (2, 4, 4), "u2").conv(2, (3, 3), stride=(1, 2), padding=(1, 1), density=0.9)
    options = BuildOptions(style="folded", effort="low", pe=2, simd=1, pixels=2)
    return folder, build(net.act("u2").graph(), options, folder)


def test_the_sample_is_proved():
    folder, plan = sample()
    shape = next(stage for stage in plan.stages if isinstance(stage, FoldedDense))
    assert shape.pixels == 2
    assert prove(folder).problem is None


def test_a_pixel_that_is_cut_into_many_beats_is_proved(tmp_path):
    graph = MapNet(1, (90, 2, 2), "u1").conv(3, (1, 1), density=1).act("u1").graph()
    build(graph, BuildOptions(style="folded", effort="low", pe=1), tmp_path)
    design = read_folder(tmp_path)
    netlist, _ = read_netlist(tmp_path, design)
    lanes = words_of(Module(design.units[0], netlist[design.units[0]]))
    assert (design.kinds[0], lanes) == ("Narrower", [1])
    assert prove(tmp_path).problem is None


def emitted(tmp_path, plan):
    """A copy of the sample's folder with the Verilog of another plan, or of a damaged ring."""
    folder, _ = sample()
    path = tmp_path / "design"
    path.mkdir()
    for name in ("design.json", "network.npz"):
        (path / name).write_bytes((folder / name).read_bytes())
    (path / "maps.v").write_text(verilog_of(plan))
    return path


def late(flags):
    """Flags one place later."""
    return (flags[-1], *flags[:-1])


def patched(owner, name, change):
    """Give a property or method of a part of the ring that gives something else."""
    old = owner.__dict__[name]
    if isinstance(old, property):
        return property(lambda shape: change(old.fget(shape)))
    if isinstance(old, cached_property):
        return property(lambda shape: change(old.func(shape)))
    return lambda shape, *rest: change(old(shape, *rest))


def other_planes(steps):
    return tuple(s and dataclasses.replace(s, plane=1 - s.plane) for s in steps)


def other_groups(steps):
    return (*steps[1:], steps[0])


def one_less(counts):
    return tuple(count - 1 for count in counts)


RINGS = {
    "rows beside the image are masked a row late": (RingRows, "outside", late),
    "the phase of the stride is turned": (RingColumns, "steps", other_planes),
    "windows start a slot late": (RingRows, "first_slot", lambda slot: slot + 1),
    "what lies left of the image is not masked": (RingColumns, "padded", lambda _: False),
    "channels in another order": (LineShape, "channels", lambda c: {k: c[1 - k] for k in c}),
    "a row too few": (RingRows, "slots", lambda _: 2),
}
MORE_RINGS = {
    "words end a column early": (RingColumns, "steps", other_groups),
    "the next frame starts a slot late": (RingRows, "frame_advance", lambda slots: slots + 1),
    "rows are given free a row early": (RingRows, "dropped", lambda rows: (rows[0] + 1, *rows[1:])),
    "windows do not wait for their last row": (
        RingRows,
        "wanted",
        lambda rows: tuple(r - 1 for r in rows),
    ),
}


@pytest.mark.parametrize(("owner", "name", "change"), RINGS.values(), ids=RINGS)
def test_a_damaged_ring_is_refused(tmp_path, monkeypatch, owner, name, change):
    _, plan = sample()
    monkeypatch.setattr(owner, name, patched(owner, name, change))
    assert not prove(emitted(tmp_path, plan)).proved


def test_neighbours_in_another_order_are_refused(tmp_path, monkeypatch):
    leave = FoldedDenseUnit._leave

    def turned(unit, m, results, *rest):
        first = len(unit.plan.elements)
        return leave(unit, m, (*results[first:], *results[:first]), *rest)

    monkeypatch.setattr(FoldedDenseUnit, "_leave", turned)
    assert not prove(emitted(tmp_path, sample()[1])).proved


@pytest.mark.slow
@pytest.mark.parametrize(("owner", "name", "change"), MORE_RINGS.values(), ids=MORE_RINGS)
def test_a_ring_that_is_damaged_otherwise_is_refused(tmp_path, monkeypatch, owner, name, change):
    _, plan = sample()
    monkeypatch.setattr(owner, name, patched(owner, name, change))
    assert not prove(emitted(tmp_path, plan)).proved


def other_bias(stage):
    first, *rest = stage.elements
    initial = (first.initial[0] + 1, *first.initial[1:])
    return dataclasses.replace(stage, elements=(dataclasses.replace(first, initial=initial), *rest))


def test_another_bias_is_refused(tmp_path):
    _, plan = sample()
    place = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, FoldedDense))
    stages = (*plan.stages[:place], other_bias(plan.stages[place]), *plan.stages[place + 1 :])
    assert not prove(emitted(tmp_path, dataclasses.replace(plan, stages=stages))).proved


def pooled_in_beats(kind="max", codes="u2", size=(4, 6), channels=5):
    """Poolings of pixels that come in several beats, the last one padded, and of what they give."""
    net = MapNet(3, (2, *size), "u2").conv(channels, (3, 3), padding=(1, 1)).act(codes)
    net.pool(kind, (2, 2)).conv(channels, (3, 3), padding=(1, 1), density=0.9).act(codes)
    return net.pool(kind, net.tensor.shape[1:]).flatten().dense(3).graph()


def constants_in_beats():
    """A pooling of channels of which one is constant, and not 0."""
    net = MapNet(2, (2, 4, 4), "u2").conv(3, (1, 1), density=1).act("s3")
    steps = net.nodes[-1].thresholds.copy()
    steps[1] = net.tensor.range.hi + 99
    net.nodes[-1] = dataclasses.replace(net.nodes[-1], thresholds=steps)
    return net.pool("sum", (2, 2)).conv(2, (2, 2), density=1).act("u2").graph()


POOLED = {
    "max": (pooled_in_beats, {"pe": 2}),
    "sum": (lambda: pooled_in_beats("sum"), {"pe": 2}),
    "signed": (lambda: pooled_in_beats(codes="s3"), {"pe": 1}),
    "sums of signed": (lambda: pooled_in_beats("sum", "s3"), {"pe": 3, "pixels": 2}),
    "in block RAM": (pooled_in_beats, {"pe": 1, "luts_per_bram": 0}),
    "places of no window": (lambda: pooled_in_beats(size=(5, 7)), {"pe": 2, "target": "ice40"}),
    "a constant": (constants_in_beats, {"pe": 1}),
}


@pytest.mark.parametrize(("net", "options"), POOLED.values(), ids=POOLED)
def test_poolings_of_pixels_in_beats_are_proved(tmp_path, net, options):
    graph = net()
    options = BuildOptions(style="folded", effort="low", simd=1, **options)
    plan = build(graph, options, tmp_path)
    pools = [stage for stage in plan.stages if isinstance(stage, RunningPool)]
    assert len(pools) == sum(node.name.startswith("pool") for node in graph.nodes)
    assert all(pool.inputs.beats_each > 1 for pool in pools)
    assert prove(tmp_path).problem is None


def never_again(m, beats, pixels, enable, again):
    return BeatPlaces(m, beats, pixels, enable, Const(0))


def pixels_lie_on_one_another(m, beats, pixels, enable, again):
    return BeatPlaces(m, beats, pixels - 1, enable, again)


def always_again(m, beats, pixels, enable, again):
    places = BeatPlaces(m, beats, pixels, enable, again)
    places.place = places.place[:1]
    return places


@pytest.mark.parametrize("part", ["running_pool", "enlarger"])
@pytest.mark.parametrize("change", [never_again, pixels_lie_on_one_another, always_again])
def test_pixels_in_beats_that_are_stored_elsewhere_are_refused(tmp_path, monkeypatch, part, change):
    net = GraphNet(3, (2, 4, 6), "u2").conv(4, (1, 1), density=1).act("u2")
    net.pool("max", (2, 2)) if part == "running_pool" else net.larger(2)
    net.conv(2, (2, 2), density=1).act("u2")
    options = BuildOptions(style="folded", effort="low", pe=1, simd=1)
    plan = build(net.graph(), options, tmp_path / "sound")
    assert prove(tmp_path / "sound").problem is None
    monkeypatch.setattr(f"hwgen.rtl.{part}.BeatPlaces", change)
    (tmp_path / "sound" / "graph.v").write_text(verilog_of(plan))
    assert not prove(tmp_path / "sound").proved


@pytest.mark.parametrize(
    "change", [{"kind": "sum"}, {"kernel": (2, 1)}, {"kernel": (1, 2)}], ids=str
)
def test_another_pooling_of_pixels_in_beats_is_refused(tmp_path, change):
    graph = pooled_in_beats()
    plan = build(graph, BuildOptions(style="folded", effort="low", pe=2, simd=1), tmp_path)
    place = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, RunningPool))
    stage = dataclasses.replace(plan.stages[place], **change)
    stages = (*plan.stages[:place], stage, *plan.stages[place + 1 :])
    (tmp_path / "maps.v").write_text(verilog_of(dataclasses.replace(plan, stages=stages)))
    assert not prove(tmp_path).proved
