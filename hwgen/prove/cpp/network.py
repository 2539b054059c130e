"""The integer network on variables: what every element of its tensors is."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt

from hwgen.ir import (
    Add,
    Argmax,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    Graph,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
)
from hwgen.ir.padding import sides
from hwgen.numeric import IntArray, Range
from hwgen.prove.cpp.functions import Functions
from hwgen.prove.cpp.values import Sum, Table, Variables, constant
from hwgen.reference.operations import evaluate

Elements = npt.NDArray[np.object_]  # of sums


class Network:
    """Elements of the network by tensor, and the functions that they are."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.variables = Variables()
        self.rows = 0
        self.values = 0
        self.functions = Functions(self.variables)
        size = int(np.prod(graph.input.shape))
        limits = graph.input.type.range
        inputs = [self.variables.new(limits, f"input[{k}]") for k in range(size)]
        self.tensors = {"input": _array(inputs, graph.input.shape)}
        self.classes: list[Sum] | None = None
        self.labels: dict[int, int] = {}  # the row of each label
        for node in graph.nodes:
            if isinstance(node, Argmax):
                self.classes = list(self.tensors[node.inputs[0]].reshape(-1))
                labels = node.labels or range(len(self.classes))
                self.labels = {label: row for row, label in enumerate(labels)}
            else:
                self.tensors[node.name] = self._run(node)

    @property
    def output(self) -> list[Sum]:
        """Elements of the output, in natural order; not of an argmax."""
        return list(self.tensors[self.graph.output].reshape(-1))

    def _run(self, node: Op) -> Elements:
        given = [self.tensors[source] for source in node.inputs]
        match node:
            case Dense():
                rows = [
                    self._row(w, int(b), given[0])
                    for w, b in zip(node.weight, node.bias, strict=True)
                ]
                return _array(rows, (len(rows),))
            case Conv2d():
                return self._conv2d(node, given[0])
            case Threshold():
                return self._threshold(node, given[0])
            case MaxPool2d() | SumPool2d():
                return self._pool(node, given[0])
            case Add():
                operands = [
                    [self.variables.scaled(element, factor) for element in operand.reshape(-1)]
                    for operand, factor in zip(given, node.multipliers, strict=True)
                ]
                sums = [self.variables.added(a, b) for a, b in zip(*operands, strict=True)]
                sums = [self.functions.normal(total) for total in sums]
                return _array(sums, given[0].shape)
            case Concat() | UpsampleNearest() | PixelShuffle() | Flatten():
                return _moved(node, given)
            case Argmax():
                raise AssertionError(node.name)
            case _:
                assert_never(node)

    def _row(self, weights: IntArray, bias: int, x: Elements) -> Sum:
        self.rows += 1
        total: dict[int, int] = {}
        first = bias
        for column in np.flatnonzero(weights).tolist():
            weight, element = int(weights[column]), x[column]
            first += weight * element.constant
            for variable, factor in element.coefficients.items():
                total[variable] = total.get(variable, 0) + weight * factor
        form = self.variables.form({v: w for v, w in total.items() if w}, first)
        return self.functions.normal(form)

    def _conv2d(self, node: Conv2d, x: Elements) -> Elements:
        (sy, sx), (top, left, bottom, right) = node.stride, sides(node.padding)
        channels, height, width = x.shape
        kh, kw = node.weight.shape[2:]
        size = (channels, height + top + bottom, width + left + right)
        padded = np.full(size, constant(node.padding_value), object)
        padded[:, top : top + height, left : left + width] = x
        rows, columns = self.graph.tensors[node.name].shape[1:]
        own, group = channels // node.groups, len(node.weight) // node.groups
        found = []
        for out, weight in enumerate(node.weight):
            first = out // group * own
            for y in range(rows):
                for c in range(columns):
                    seen = padded[first : first + own, y * sy : y * sy + kh, c * sx : c * sx + kw]
                    found.append(
                        self._row(weight.reshape(-1), int(node.bias[out]), seen.reshape(-1))
                    )
        return _array(found, (len(node.weight), rows, columns))

    def _threshold(self, node: Threshold, x: Elements) -> Elements:
        found = []
        flat = x.reshape(len(x), -1)
        for channel, elements in enumerate(flat):
            thresholds = node.of_channel(channel)
            for place, element in enumerate(elements):
                name = f"{node.name}[{channel}" + (f", {place}]" if flat.shape[1] > 1 else "]")
                found.append(self._quantized(element, thresholds, node.output.lo, name))
        return _array(found, x.shape)

    def _quantized(self, element: Sum, thresholds: IntArray, lo: int, name: str) -> Sum:
        if element.is_constant:
            return constant(lo + int(np.searchsorted(thresholds, element.constant, "right")))
        sums = self.variables.table(element)
        codes = np.searchsorted(thresholds, sums.values, side="right").astype(np.int64) + lo
        self.values += len(codes)
        return self.functions.defined(Table(sums.base, sums.lo, codes), name)

    def _pool(self, node: MaxPool2d | SumPool2d, x: Elements) -> Elements:
        (kh, kw), (sy, sx) = node.kernel_size, node.stride
        channels, rows, columns = self.graph.tensors[node.name].shape
        top, left = node.padding[:2] if isinstance(node, MaxPool2d) else (0, 0)
        found = []
        for channel in range(channels):
            for y in range(rows):
                for c in range(columns):
                    above, before = y * sy - top, c * sx - left
                    inside = x[channel, max(above, 0) : above + kh, max(before, 0) : before + kw]
                    seen = inside.reshape(-1)
                    name = f"{node.name}[{channel}, {y}, {c}]"
                    found.append(self._pooled(node, list(seen), name))
        return _array(found, (channels, rows, columns))

    def _pooled(self, node: MaxPool2d | SumPool2d, pixels: list[Sum], name: str) -> Sum:
        if isinstance(node, SumPool2d):
            total = pixels[0]
            for pixel in pixels[1:]:
                total = self.variables.added(total, pixel)
            return self.functions.normal(total)
        return self.functions.pooled(pixels, name)


def _array(elements: list[Sum], shape: tuple[int, ...]) -> Elements:
    found = np.empty(len(elements), object)
    found[:] = elements
    return found.reshape(shape)


def _moved(
    node: Concat | UpsampleNearest | PixelShuffle | Flatten, given: list[Elements]
) -> Elements:
    """Give what only moves elements: the reference moves their numbers."""
    elements = [element for array in given for element in array.reshape(-1)]
    numbers, first = [], 0
    for array in given:
        numbers.append(np.arange(first, first + array.size).reshape(1, *array.shape))
        first += array.size
    places = evaluate(node, numbers[0], Range(0, first), *numbers[1:])[0]
    return _array([elements[place] for place in places.reshape(-1)], places.shape)
