"""Test vectors of a design and of each of its units, with the outputs they must give.

The reference decides what is right: the plan's own arithmetic is run beside it on every vector,
at the design and at each layer, and a difference stops the build.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from hwgen.errors import VerifyError
from hwgen.ir import Conv2d, Dense, Graph, Op
from hwgen.ir.subpixel import with_subpixels
from hwgen.network_file import save_arrays
from hwgen.numeric import IntArray, Range
from hwgen.plan.design import Plan
from hwgen.plan.execute import from_slots, read_slots, run_plan, run_stage, to_slots
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.positions import at_one_position, is_by_position
from hwgen.plan.stages.stage import (
    PADDING,
    FoldedDense,
    Stage,
    UnrolledDense,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.vectors.edges import edge_cases
from hwgen.plan.vectors.worst_cases import random_cases, worst_cases, worst_frames
from hwgen.reference import evaluate, outputs

RANDOM, LEAST_RANDOM = 64, 3  # as a design's size allows
UNIT_RANDOM = 32
MOST_PRODUCTS = 1 << 33  # of all random vectors, some minutes in a plan of adders
MOST_VALUES = 1 << 25  # of all streams together, in all random vectors
MOST_OUTPUTS = 1 << 22  # of one layer that are compared at once, and that a unit is simulated with
MOST_MAP_SLOTS = 1 << 18  # that a unit of whole maps is simulated with
MOST_UNIT_CYCLES = 1 << 18  # that a unit is simulated for without stalls
MOST_CYCLES = 1 << 20  # the same of all units together
LEAST_UNIT_VECTORS = 2


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


def design_vectors(plan: Plan, graph: Graph, seed: int = 0, random: int | None = None) -> VectorSet:
    """Real samples of the model, corners and random inputs; for units their worst cases too.

    Without a number of `random` ones there are as many as the design's size allows.

    Raises
    ------
    VerifyError
        Where the plan gives another result than the reference.
    """
    rng = np.random.default_rng(seed)
    x = _design_inputs(graph, rng, affordable_random(plan, graph) if random is None else random)
    y = outputs(graph, x.reshape(len(x), *graph.input.shape)).reshape(len(x), -1)
    slots = _run_all(plan, x, y)
    built = with_subpixels(graph, plan.subpixel)
    cases = _Cases(plan=plan, graph=built, rng=rng, layers=layers_of(built))
    units = []
    for index, stage in enumerate(plan.stages):
        found = cases.of(index, stage, read_slots(plan, index, slots))
        given = affordable(stage, found, len(plan.stages))
        units.append((given, run_stage(at_one_position(stage), given)))
    labels = None if graph.samples is None else graph.samples.labels
    return VectorSet(x=x, y=y, labels=labels, units=tuple(units))


def affordable_random(plan: Plan, graph: Graph) -> int:
    """Give as many random vectors as a design is tried on: few of large frames or many products."""
    products = sum(
        int(np.count_nonzero(node.weight)) * prod(graph.tensors[node.name].shape[1:])
        for node in graph.nodes
        if isinstance(node, Dense | Conv2d)
    )
    most = min(MOST_VALUES // _values(plan), MOST_PRODUCTS // max(products, 1))
    return min(max(most, LEAST_RANDOM), RANDOM)


def _values(plan: Plan) -> int:
    """Count the values of a vector in all streams."""
    streams = (plan.inputs, *(stage.outputs for stage in plan.stages))
    return sum(stream.positions * len(stream.order) for stream in streams)


def affordable(stage: Stage, vectors: IntArray, units: int) -> IntArray:
    """Give as many vectors, evenly spread, as a simulation of so many units has the cycles for.

    All of them have been compared with the reference by then; a unit of hundreds of rows that takes
    thousands of cycles for a vector would be simulated for hours with its worst cases alone.
    """
    work = stage.cycles if isinstance(stage, FoldedDense) else 0
    cycles = max(work, stage.inputs.beats, stage.outputs.beats)
    most = max(min(MOST_UNIT_CYCLES, MOST_CYCLES // units) // cycles, LEAST_UNIT_VECTORS)
    return vectors[:: max(-(-len(vectors) // most), 1)]


def _run_all(plan: Plan, x: IntArray, y: IntArray) -> list[IntArray]:
    """Compare the plan with the reference; give the first vectors of every stream, as slots."""
    widest = max(stage.outputs.positions * len(stage.outputs.order) for stage in plan.stages)
    some = max(MOST_OUTPUTS // widest, 1)
    kept = min(max(MOST_VALUES // _values(plan), LEAST_UNIT_VECTORS), UNIT_RANDOM)
    first: list[IntArray] = []
    for start in range(0, len(x), some):
        slots = run_plan(plan, x[start : start + some])
        _compare(plan.name, from_slots(plan.outputs, slots[-1]), y[start : start + some])
        if len(first[0] if first else ()) < kept:
            pairs = zip(first or [given[:0] for given in slots], slots, strict=True)
            first = [np.concatenate(pair)[:kept] for pair in pairs]
    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cases:
    """Finds what each unit is tried on, and compares each layer with the reference on it."""

    plan: Plan
    graph: Graph
    rng: np.random.Generator
    layers: tuple[Layer, ...]

    def of(self, index: int, stage: Stage, slots: IntArray) -> IntArray:
        """Give the inputs of stage `index`, of which `slots` are some that reach it."""
        reads_rows = isinstance(stage, FoldedDense) and stage.lines is not None
        if reads_rows or (stage.inputs.positions > 1 and not is_by_position(stage)):
            return self._maps(index, stage, slots)
        if is_by_position(stage):
            slots = slots.reshape(-1, len(stage.inputs.order))
            slots = slots[self.rng.permutation(len(slots))]
        given = slots[:UNIT_RANDOM]
        if not isinstance(stage, UnrolledDense | FoldedDense):
            return np.concatenate([given, edge_cases(at_one_position(stage), self.rng)])
        layer = self._layer_at(index)
        random = random_cases(layer, UNIT_RANDOM, self.rng)
        vectors = np.concatenate([worst_cases(layer, self.rng), random])
        some = max(MOST_OUTPUTS // layer.rows, 1)
        for start in range(0, len(vectors), some):
            self._check_vectors(index, layer, vectors[start : start + some])
        vectors = vectors[:: -(-len(vectors) // some)]
        return np.concatenate([given, to_slots(at_one_position(stage).inputs, vectors)])

    def _maps(self, index: int, stage: Stage, slots: IntArray) -> IntArray:
        """Give maps; those of a convolution's window go through its layer first."""
        most = max(MOST_MAP_SLOTS // (stage.outputs.positions * len(stage.outputs.order)), 2)
        given = slots[:most]
        layer = self._layer_at(index)
        sees = isinstance(stage, WindowBuffer | FoldedDense)
        if not sees or layer.op != "conv2d" or layer.window is None:
            return given
        if any(isinstance(s, WindowMax) for s in self.plan.stages[index : self._matrix(index)]):
            return given  # a pooling's in front of it
        maps = worst_frames(layer, self.rng)
        self._check_maps(index, layer, maps)
        return np.concatenate([given, to_slots(stage.inputs, maps)[:most]])

    def _layer_at(self, index: int) -> Layer:
        """Give the layer that a matrix, or what stands in front of one, belongs to."""
        matrices = [isinstance(s, UnrolledDense | FoldedDense) for s in self.plan.stages[:index]]
        return self.layers[sum(matrices)]

    def _matrix(self, index: int) -> int:
        """Give the stage that is the matrix of stage `index`, or is behind it next."""
        return next(
            place
            for place, stage in enumerate(self.plan.stages)
            if place >= index and isinstance(stage, UnrolledDense | FoldedDense)
        )

    def _check_vectors(self, index: int, layer: Layer, vectors: IntArray) -> None:
        """Compare a layer's stages, at one position, with the reference's nodes."""
        node: Op = self.graph.node(layer.node_name)
        if not isinstance(node, Dense):
            node = layer.matrix_node
        widest = layer.inputs[0]
        for limits in layer.inputs:
            widest = widest.union(limits)
        expected = evaluate(node, vectors, widest.union(Range(0, 0)))
        stages = [at_one_position(stage) for stage in self.plan.layer_stages(index)]
        slots = to_slots(stages[0].inputs, vectors)
        for stage in stages:
            slots = run_stage(stage, slots)
        self._compare_layer(layer, stages[-1], slots, self._tail(layer, expected))

    def _check_maps(self, index: int, layer: Layer, maps: IntArray) -> None:
        """Compare a layer's stages, the window first, with the reference's nodes on whole maps."""
        node = self.graph.node(layer.name)
        source = self.graph.source(node)
        expected = evaluate(node, maps.reshape(-1, *source.shape), source.range)
        matrix = self._matrix(index)
        stages = (*self.plan.stages[index:matrix], *self.plan.layer_stages(matrix))
        slots = to_slots(stages[0].inputs, maps)
        for stage in stages:
            slots = run_stage(stage, slots)
        expected = self._tail(layer, expected)
        self._compare_layer(layer, stages[-1], slots, expected.reshape(len(maps), -1))

    def _tail(self, layer: Layer, sums: IntArray) -> IntArray:
        if layer.tail == "output":
            return sums
        tail = self.graph.node(layer.tail_name)
        return evaluate(tail, sums, self.graph.source(tail).range)

    def _compare_layer(
        self, layer: Layer, last: Stage, slots: IntArray, expected: IntArray
    ) -> None:
        order = last.outputs.elements
        _compare(
            f"{self.plan.name}: {layer.name}",
            slots[:, order != PADDING],
            expected[:, order[order != PADDING]],
        )


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


def _compare(where: str, actual: IntArray, expected: IntArray) -> None:
    if not np.array_equal(actual, expected):
        wrong = int((actual != expected).any(axis=1).sum())
        raise VerifyError(
            f"{where}: the plan must give what the reference gives, and differs on {wrong} of "
            f"{len(expected)} vectors; do not use it: build again without --plan, or report a bug"
        )
