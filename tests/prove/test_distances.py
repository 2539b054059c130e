"""Folded units whose programs hold distances are proved, mistakes in the walk are refused."""

from dataclasses import replace

import pytest
from amaranth import Mux, Signal

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import FoldedDense
from hwgen.prove.run import prove
from hwgen.rtl.folded_dense import FoldedDenseUnit
from tests.tiny_maps import MapNet, small_cnn
from tests.tiny_nets import network

GRAPHS = {
    "vectors": (network(1, widths=(24, 18, 5), density=0.6), {"pe": 1}),
    "sets": (network(6, widths=(9, 7), density=0.3, argmax=False), {"pe": 6}),
    "several lanes": (network(2, widths=(9, 7, 5)), {"pe": 4, "simd": 2}),
    "block RAM": (network(3, widths=(12, 7, 5), inputs="s3"), {"pe": 2, "luts_per_bram": 0}),
    "a cnn": (small_cnn(), {"pe": 2}),
    "neighbours and a stride": (
        MapNet(1, (3, 5, 8)).conv(4, (3, 3), stride=(2, 2), padding=(1, 1)).act().graph(),
        {"pe": 2, "pixels": 2},
    ),
    "depthwise": (
        MapNet(0, (6, 4, 4)).conv(6, (3, 3), padding=(1, 1), groups=6, density=0.6).act().graph(),
        {"pe": 2, "pixels": 2},
    ),
}


def built(folder, graph, **options):
    """Build a folded design of which all programs hold distances, also where they take more."""
    plan = build(graph, BuildOptions(style="folded", effort="low", **options), folder)
    stages = tuple(
        replace(stage, distances=not stage.counted) if isinstance(stage, FoldedDense) else stage
        for stage in plan.stages
    )
    (file,) = folder.glob("*.v")
    file.write_text(verilog_of(replace(plan, stages=stages)))
    return prove(folder)


@pytest.mark.parametrize(("graph", "options"), GRAPHS.values(), ids=GRAPHS)
def test_a_sound_design_is_proved(tmp_path, graph, options):
    certificate = built(tmp_path / "design", graph, **options)
    assert certificate.proved, certificate.problem


def begins_where_it_ended(unit, m, multiplier, place, fetched, ends):
    return place, fetched


def never_waits(unit, m, multiplier, place, fetched, ends):
    return Mux(ends[unit._memory.sets[multiplier]], 0, place), 1


def begins_with_every_set(unit, m, multiplier, place, fetched, ends):
    return Mux(sum(ends) > 0, 0, place), fetched


def begins_at_one(unit, m, multiplier, place, fetched, ends):
    return Mux(ends[unit._memory.sets[multiplier]], 1, place), fetched


@pytest.mark.parametrize(
    "mistake", [begins_where_it_ended, never_waits, begins_with_every_set, begins_at_one]
)
def test_a_mistake_in_the_walk_is_refused(tmp_path, monkeypatch, mistake):
    def walked(unit, m, port, distance, fetched, ends):
        multiplier = unit._memory.readers[port]
        start = unit._memory.starts[multiplier]
        place = Signal(len(distance), name=f"place{port}", init=start)
        begin, moves = mistake(unit, m, multiplier, place, fetched, ends)
        with m.If(unit._enable & moves):
            m.d.sync += place.eq(begin + distance)
        return place

    monkeypatch.setattr(FoldedDenseUnit, "_walked", walked)
    graph, options = GRAPHS["sets"]
    assert built(tmp_path / "design", graph, **options).problem is not None


def test_another_first_place_is_refused(tmp_path, monkeypatch):
    sound = FoldedDenseUnit._walked

    def walked(*arguments):
        place = sound(*arguments)
        place._init ^= 1
        return place

    monkeypatch.setattr(FoldedDenseUnit, "_walked", walked)
    graph, options = GRAPHS["a cnn"]
    assert built(tmp_path / "design", graph, **options).problem is not None
