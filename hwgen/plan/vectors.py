"""Test vectors of a design and of each of its units, with the outputs they must give.

The reference decides what is right: the plan's own arithmetic is run beside it on every vector,
at the design and at each layer, and a difference stops the build.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwgen.errors import VerifyError
from hwgen.ir import Dense, Graph
from hwgen.network_file import save_arrays
from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.design import Plan
from hwgen.plan.execute import from_slots, run_plan, run_stage, to_slots
from hwgen.plan.layers import Layer, layers_of
from hwgen.plan.requantize.steps_over import steps_over
from hwgen.plan.stages.requantizers import Requantizer, Steps
from hwgen.plan.stages.stage import (
    PADDING,
    FoldedDense,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
    Stream,
    UnrolledDense,
)
from hwgen.plan.worst_cases import worst_cases
from hwgen.reference import evaluate, outputs

RANDOM = 64
UNIT_RANDOM = 32
MOST_OUTPUTS = 1 << 22  # of one layer that are compared at once, and that a unit is simulated with
MOST_CHANGES = 256  # of one product
MOST_THRESHOLDS = 1 << 10  # of one lane; each of more is compared when planned, and proved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorSet:
    """Vectors of the whole design in natural order, and of each unit as slots of its streams."""

    x: IntArray
    y: IntArray
    labels: IntArray | None
    units: tuple[tuple[IntArray, IntArray], ...]

    def save(self, path: Path) -> None:
        """Write `x`, `y`, `u0_i`, `u0_o`, `u1_i`, ... as a .npz file."""
        arrays = {"x": self.x, "y": self.y}
        if self.labels is not None:
            arrays["labels"] = self.labels
        for index, (given, expected) in enumerate(self.units):
            arrays |= {f"u{index}_i": given, f"u{index}_o": expected}
        save_arrays(path, arrays)


def design_vectors(plan: Plan, graph: Graph, seed: int = 0, random: int = RANDOM) -> VectorSet:
    """Real samples of the model, corners and random inputs; for units their worst cases too.

    Raises
    ------
    VerifyError
        Where the plan gives another result than the reference.
    """
    rng = np.random.default_rng(seed)
    x = _design_inputs(graph, rng, random)
    y = outputs(graph, x.reshape(len(x), *graph.input.shape)).reshape(len(x), -1)
    slots = run_plan(plan, x)
    _compare(plan.name, from_slots(plan.outputs, slots[-1]), y)
    units = []
    layers = {layer.name: layer for layer in layers_of(graph)}
    dense_names = iter(layers)
    for index, stage in enumerate(plan.stages):
        given = slots[index][:UNIT_RANDOM]
        if isinstance(stage, (UnrolledDense, FoldedDense)):
            layer = layers[next(dense_names)]
            vectors = np.concatenate([worst_cases(layer, rng), _random(layer.inputs, rng)])
            some = max(MOST_OUTPUTS // layer.rows, 1)
            for start in range(0, len(vectors), some):
                _check_layer(plan, graph, index, layer, vectors[start : start + some])
            vectors = vectors[:: -(-len(vectors) // some)]
            given = np.concatenate([given, to_slots(stage.inputs, vectors)])
        else:
            given = np.concatenate([given, _edge_cases(stage, rng)])
        units.append((given, run_stage(stage, given)))
    labels = None if graph.samples is None else graph.samples.labels
    return VectorSet(x=x, y=y, labels=labels, units=tuple(units))


def _design_inputs(graph: Graph, rng: np.random.Generator, random: int) -> IntArray:
    """Put samples first (their labels refer to them), then corners, then random inputs."""
    limits, size = graph.input.type, int(np.prod(graph.input.shape))
    lo, hi = np.full(size, limits.lo), np.full(size, limits.hi)
    checker = np.arange(size) % 2 == 0
    corners = np.stack([lo, hi, np.where(checker, lo, hi), np.where(checker, hi, lo), 0 * lo])
    parts = [corners, rng.integers(limits.lo, limits.hi + 1, (random, size))]
    if graph.samples is not None:
        parts.insert(0, graph.samples.x.reshape(-1, size))
    return np.concatenate(parts)


def _random(inputs: tuple[Range, ...], rng: np.random.Generator) -> IntArray:
    lo = np.array([limits.lo for limits in inputs])
    hi = np.array([limits.hi for limits in inputs])
    return rng.integers(lo, hi + 1, (UNIT_RANDOM, len(inputs)))


def _check_layer(plan: Plan, graph: Graph, index: int, layer: Layer, vectors: IntArray) -> None:
    """Give the layer's stages, run by the plan, against the reference's nodes."""
    nodes = list(graph.nodes)
    position = next(
        i for i, node in enumerate(nodes) if isinstance(node, Dense) and node.name == layer.name
    )
    expected = evaluate(nodes[position], vectors, graph.source(nodes[position]).range)
    stages = plan.layer_stages(index)
    if layer.tail != "output":
        tail = nodes[position + 1]
        expected = evaluate(tail, expected, graph.source(tail).range)
    slots = to_slots(stages[0].inputs, vectors)
    for stage in stages:
        slots = run_stage(stage, slots)
    order = np.array(stages[-1].outputs.order)
    _compare(
        f"{plan.name}: {layer.name}",
        slots[:, order != PADDING],
        expected[:, order[order != PADDING]],
    )


def _compare(where: str, actual: IntArray, expected: IntArray) -> None:
    if not np.array_equal(actual, expected):
        wrong = int((actual != expected).any(axis=1).sum())
        raise VerifyError(
            f"{where}: the plan must give what the reference gives, and differs on {wrong} of "
            f"{len(expected)} vectors; do not use it: build again without --plan, or report a bug"
        )


def _edge_cases(stage: Stage, rng: np.random.Generator) -> IntArray:
    """Both sides of every threshold; lanes at random, with ties, for an argmax."""
    match stage:
        case ParallelThreshold():
            edges = [
                _changes(*pair) for pair in zip(stage.channels, stage.inputs.lanes, strict=True)
            ]
        case SerialThreshold():
            lanes = len(stage.tables)
            edges = [stage.tables[s % lanes][s // lanes] for s in range(len(stage.inputs.order))]
        case _:
            edges = [()] * len(stage.inputs.order)
    edges = [_some(places, MOST_THRESHOLDS) for places in edges]
    rows = max(2 * max(len(t) for t in edges) + 2, UNIT_RANDOM)
    cases = np.empty((rows, len(edges)), np.int64)
    for slot, thresholds in enumerate(edges):
        lane = _lane(stage.inputs, slot)
        values = [lane.lo, lane.hi, *thresholds, *(t - 1 for t in thresholds)]
        kept = [min(max(v, lane.lo), lane.hi) for v in values]
        kept += [int(v) for v in rng.integers(lane.lo, lane.hi + 1, rows - len(kept))]
        cases[:, slot] = kept
    if isinstance(stage, ParallelArgmax | SerialArgmax):
        cases[::4, len(edges) // 2 :] = cases[::4, :1]
    return cases


def _some(places: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Give every n-th place, as many as may be."""
    return places[:: -(-len(places) // most) or 1]


def _changes(channel: Requantizer, lane: IntType) -> tuple[int, ...]:
    """Give values of a lane with another code than the value before it.

    A product also turns over at values that no sum has, so often in a wide lane that a share of
    its places must do; each of them is compared when the product is planned, and proved.
    """
    if isinstance(channel, Steps):
        return channel.thresholds
    found = steps_over(channel, lane, lane.range, 0)
    return () if found is None else _some(found.thresholds, MOST_CHANGES)


def _lane(stream: Stream, slot: int) -> Range:
    return stream.lanes[slot % len(stream.lanes)].range
