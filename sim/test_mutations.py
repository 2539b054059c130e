"""A wrong design must fail its simulation: the vectors see a single bit too few, a lost weight, a
threshold off by one. Each mutation is made in the plan, after the vectors were written."""

import dataclasses

import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.numeric import Range
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import FoldedDense, ParallelThreshold, SerialThreshold, UnrolledDense
from hwgen.simulate import simulate
from tests.tiny_nets import network

NET = network(1)


def replaced(items, index, **changes):
    """The tuple with one dataclass changed."""
    return (*items[:index], dataclasses.replace(items[index], **changes), *items[index + 1 :])


def halved(limits):
    """The range that one bit less can hold."""
    return Range(limits.lo // 2, limits.hi // 2)


def narrower_root(stage, row=0):
    """The last adder of a row one bit narrower than its values."""
    graph = stage.graph
    index = graph.outputs[row].node - len(graph.inputs)
    adder = graph.adders[index]
    limits = halved(adder.range)
    adders = replaced(graph.adders, index, lo=limits.lo, hi=limits.hi)
    return dataclasses.replace(stage, graph=dataclasses.replace(graph, adders=adders))


def narrower_register(stage, pe=0):
    """The accumulator of a PE one bit narrower than its values."""
    limits = halved(stage.elements[pe].accumulator)
    return dataclasses.replace(stage, elements=replaced(stage.elements, pe, accumulator=limits))


def dropped_weight(stage, pe=0):
    """One product less."""
    weights = list(stage.elements[pe].weights)
    weights[next(k for k, w in enumerate(weights) if w)] = 0
    return dataclasses.replace(stage, elements=replaced(stage.elements, pe, weights=tuple(weights)))


def dropped_operand(stage):
    """An adder whose second operand is lost: it adds its first one twice."""
    adder = stage.graph.adders[0]
    adders = replaced(stage.graph.adders, 0, b=adder.a)
    return dataclasses.replace(stage, graph=dataclasses.replace(stage.graph, adders=adders))


def moved_threshold(stage):
    """The first live threshold one higher."""
    channel = next(k for k, c in enumerate(stage.channels) if c.thresholds)
    thresholds = stage.channels[channel].thresholds
    changed = (thresholds[0] + 1, *thresholds[1:])
    return dataclasses.replace(
        stage, channels=replaced(stage.channels, channel, thresholds=tuple(sorted(changed)))
    )


def moved_entry(stage):
    """A live threshold in a table one higher."""
    lane = stage.inputs.lanes[0]
    tables = [list(map(list, table)) for table in stage.tables]
    group, place = next(
        (g, k)
        for g, entries in enumerate(tables[0])
        for k, t in enumerate(entries)
        if lane.lo < t < lane.hi and entries.count(t) == 1 and t + 1 not in entries
    )
    tables[0][group][place] += 1
    return dataclasses.replace(
        stage, tables=tuple(tuple(tuple(e) for e in table) for table in tables)
    )


MUTATIONS = {
    "unrolled: accumulator a bit narrower": ("unrolled", UnrolledDense, narrower_root),
    "unrolled: weight dropped": ("unrolled", UnrolledDense, dropped_operand),
    "unrolled: threshold off by one": ("unrolled", ParallelThreshold, moved_threshold),
    "folded: accumulator a bit narrower": ("folded", FoldedDense, narrower_register),
    "folded: weight dropped": ("folded", FoldedDense, dropped_weight),
    "folded: threshold off by one": ("folded", SerialThreshold, moved_entry),
}


@pytest.mark.parametrize(("style", "kind", "mutate"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutated_design_fails(tmp_path, style, kind, mutate):
    folder = tmp_path / "design"
    plan = build(NET, BuildOptions(style=style), folder)
    index = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, kind))
    stages = (*plan.stages[:index], mutate(plan.stages[index]), *plan.stages[index + 1 :])
    (folder / f"{plan.name}.v").write_text(verilog_of(dataclasses.replace(plan, stages=stages)))
    result = simulate(folder, simulator="icarus")
    assert not result.passed
    assert "differ" in (result.tests["every_unit"] or "")


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_the_same_design_unmutated_passes(tmp_path, style):
    build(NET, BuildOptions(style=style), tmp_path / "design")
    assert simulate(tmp_path / "design", simulator="icarus").passed
