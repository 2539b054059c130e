"""Makes the network that was read smaller, without a change of any output.

* Two staircases behind one another are one.
* A staircase behind what only moves or compares elements goes in front of it, where that makes the
  moved integers narrower: it rises, so the largest code is that of the largest sum.
* A staircase that gives every code as it was is left out.
* A matrix behind a matrix is their product; one that only sorts channels goes in front of their
  staircase, into the matrix that makes them.
* Multipliers of a sum are as small as its staircase allows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.rewriting.matrix_products import (
    product_of,
    reading_directly,
    sorted_channels,
)
from hwgen.frontend.onnx.rewriting.moved_rows import Moving, rows_before
from hwgen.frontend.onnx.rewriting.multipliers import smaller
from hwgen.frontend.onnx.tensors.walk import Walk
from hwgen.ir import (
    Accumulator,
    Add,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    Op,
    Tensor,
    Threshold,
    Weighted,
)
from hwgen.ir.infer import infer


def simplified(
    walk: Walk, output: str, keep_all: bool, target: int | None
) -> tuple[tuple[Op, ...], str, dict[str, list[str]]]:
    """Give the nodes that the output needs, its name, and of each node those of the file.

    Raises
    ------
    ModelError
        Where a layer needs more than the `target` bits of an accumulator.
    """
    net = _Net(walk, output)
    if not keep_all:
        changed = True
        while changed:
            changed = False
            for name in list(net.nodes):
                while net.improve(name):
                    changed = True
        net.shrink_multipliers()
    nodes = net.fitted(target)
    return nodes, net.output, {node.name: list(net.trails[node.name]) for node in nodes}


class _Net:
    """Nodes by name, and what the file has for each."""

    def __init__(self, walk: Walk, output: str) -> None:
        self.nodes, self.tensors, self.output = dict(walk.nodes), dict(walk.tensors), output
        self.trails = dict(walk.trails)
        needed = {output}
        for node in reversed(list(self.nodes.values())):
            if node.name in needed:
                needed.update(node.inputs)
        self.nodes = {name: node for name, node in self.nodes.items() if name in needed}
        self.read_by: dict[str, list[str]] = {}
        self._find_readers()

    def readers(self, name: str) -> list[Op]:
        """Find the nodes that read one."""
        return [self.nodes[reader] for reader in self.read_by.get(name, ())]

    def improve(self, name: str) -> bool:
        """Merge a threshold with what it reads, or put it in front of that, where it helps."""
        node = self.nodes.get(name)
        source = None if node is None else self.nodes.get(node.inputs[0])
        if node is None or source is None:
            return False
        if isinstance(node, Threshold) and self._changes_nothing(node):
            self._leave_out(node)
            return True
        if isinstance(node, Weighted) and isinstance(source, Weighted):
            direct = reading_directly(node, source)
            if direct is not None:
                self._bypass(source, direct)
                return True
        if len(self.readers(source.name)) > 1 or source.name == self.output:
            return False
        if isinstance(node, Weighted) and isinstance(source, Threshold):
            return self._sort_first(source, node)
        if isinstance(node, Weighted) and isinstance(source, Weighted):
            product = product_of(node, source)
            if product is not None:
                self._replace(source, product)
            return product is not None
        if isinstance(node, Flatten) and isinstance(source, Threshold):
            return self._flatten_first(source, node)
        return isinstance(node, Threshold) and self._improve_threshold(source, node)

    def _improve_threshold(self, source: Op, node: Threshold) -> bool:
        if isinstance(source, Threshold):
            self._merge(source, node)
            return True
        if isinstance(source, Flatten) and source.inputs == ("input",):
            return False  # where `_flatten_first` put it
        inner = max(self.tensors[one].range.bits for one in source.inputs)
        if inner <= node.output.bits or not isinstance(source, Moving | Concat):
            return False
        if isinstance(source, Concat):
            return self._split(source, node)
        rows = rows_before(source, node, self.tensors[source.inputs[0]])
        if rows is None:
            return False
        first = replace(node, inputs=source.inputs, thresholds=rows)
        self._swap(source, [first], replace(source, inputs=(node.name,)), node.name)
        return True

    def _changes_nothing(self, node: Threshold) -> bool:
        limits = self.tensors[node.inputs[0]].range
        if limits.span >= 1 << node.output.bits or node.name == self.output:
            return False
        inside = limits.lo >= node.output.lo and limits.hi <= node.output.lo + node.steps
        codes = np.arange(limits.lo, limits.hi + 1)
        return inside and all(
            np.array_equal(np.searchsorted(row, codes, side="right") + node.output.lo, codes)
            for row in node.thresholds
        )

    def _bypass(self, source: Op, node: Op) -> None:
        """Let a node read what its source read; the source goes where nothing else needs it."""
        self.nodes[node.name] = node
        self.trails[node.name] = (*self.trails[source.name], *self.trails[node.name])
        self._find_readers()
        if not self.readers(source.name) and source.name != self.output:
            del self.nodes[source.name]
            self._find_readers()

    def _leave_out(self, node: Op) -> None:
        for reader in self.readers(node.name):
            inputs = tuple(node.inputs[0] if one == node.name else one for one in reader.inputs)
            self.nodes[reader.name] = replace(reader, inputs=inputs)
            self.trails[reader.name] = (*self.trails[node.name], *self.trails[reader.name])
        del self.nodes[node.name]
        self._find_readers()

    def _replace(self, source: Op, node: Op) -> None:
        """Let a node stand for itself and the one that it read."""
        self.nodes[node.name] = node
        self.trails[node.name] = (*self.trails[source.name], *self.trails[node.name])
        del self.nodes[source.name]
        self._find_readers()

    def _sort_first(self, source: Threshold, node: Weighted) -> bool:
        """Sort channels in front of their staircase."""
        order = sorted_channels(node)
        inner = self.nodes.get(source.inputs[0])
        if order is None or not isinstance(inner, Dense | Conv2d):
            return False
        if isinstance(inner, Conv2d) and inner.groups != 1:
            return False
        rows = source.thresholds
        for reader in self.readers(node.name):
            inputs = tuple(source.name if one == node.name else one for one in reader.inputs)
            self.nodes[reader.name] = replace(reader, inputs=inputs)
        if self.output == node.name:
            self.output = source.name
        limits = self.tensors[source.inputs[0]].range
        sorting = replace(node, inputs=source.inputs)
        totals = sorting.totals(limits)
        exact = tuple(Accumulator.exact(total, 1, "signed") for total in totals)
        self.nodes[node.name] = replace(sorting, accumulators=exact)
        self.nodes[source.name] = replace(
            source, inputs=(node.name,), thresholds=rows if len(rows) == 1 else rows[order]
        )
        for one in (node.name, source.name):
            self._infer(one)
        self._find_readers()
        return True

    def _flatten_first(self, source: Threshold, node: Flatten) -> bool:
        """Flatten the input in front of its quantizer, so that it need not come as a map."""
        if source.inputs != ("input",) or len(self.readers("input")) > 1:
            return False
        rows, shape = source.thresholds, self.tensors["input"].shape
        if len(rows) > 1:
            rows = rows.repeat(int(np.prod(shape[1:])), axis=0)
        for reader in self.readers(node.name):
            inputs = tuple(source.name if one == node.name else one for one in reader.inputs)
            self.nodes[reader.name] = replace(reader, inputs=inputs)
        if self.output == node.name:
            self.output = source.name
        self.nodes[node.name] = replace(node, inputs=("input",))
        self.nodes[source.name] = replace(source, inputs=(node.name,), thresholds=rows)
        for one in (node.name, source.name):
            self._infer(one)
        self._find_readers()
        return True

    def shrink_multipliers(self) -> None:
        """Make the multipliers of sums of codes small, where thresholds follow."""
        for node in list(self.nodes.values()):
            readers = self.readers(node.name)
            if not isinstance(node, Add) or node.multipliers == (1, 1) or len(readers) != 1:
                continue
            tail = readers[0]
            if not isinstance(tail, Threshold) or node.name == self.output:
                continue
            ranges = [self.tensors[one].range for one in node.inputs]
            found = smaller(node.multipliers, ranges, tail.thresholds)
            if found is not None:
                self.nodes[node.name] = replace(node, multipliers=found[0])
                self.nodes[tail.name] = replace(tail, thresholds=found[1])

    def _merge(self, inner: Threshold, outer: Threshold) -> None:
        limits = self.tensors[inner.inputs[0]].range
        rows = max(len(inner.thresholds), len(outer.thresholds))
        first = np.broadcast_to(inner.thresholds, (rows, inner.steps))
        # below the first step lies what always is reached, behind the last what never is
        ends = np.full((rows, 1), limits.lo), np.full((rows, 1), limits.hi + 1)
        steps = np.concatenate([ends[0], first, ends[1]], axis=1)
        wanted = np.broadcast_to(outer.thresholds, (rows, outer.steps)) - inner.output.lo
        places = np.clip(wanted, 0, inner.steps + 1)
        table = np.take_along_axis(steps, places, axis=1).astype(np.int64)
        self.nodes[outer.name] = replace(outer, inputs=inner.inputs, thresholds=table)
        self.trails[outer.name] = (*self.trails[inner.name], *self.trails[outer.name])
        del self.nodes[inner.name]
        self._find_readers()

    def _split(self, source: Concat, node: Threshold) -> bool:
        start, parts = 0, []
        for index, name in enumerate(source.inputs):
            channels = self.tensors[name].shape[0]
            rows = node.thresholds
            rows = rows if len(rows) == 1 else rows[start : start + channels]
            own = node.name if index == 0 else f"{node.name}_part{index}"
            if index and own in self.nodes:
                return False
            parts.append(replace(node, name=own, inputs=(name,), thresholds=rows))
            start += channels
        joined = replace(source, inputs=tuple(part.name for part in parts))
        self._swap(source, parts, joined, node.name)
        return True

    def _swap(self, source: Op, parts: list[Threshold], behind: Op, name: str) -> None:
        """Put thresholds in front of a node; what read the threshold reads the node."""
        for reader in self.readers(name):
            inputs = tuple(source.name if one == name else one for one in reader.inputs)
            self.nodes[reader.name] = replace(reader, inputs=inputs)
        if self.output == name:
            self.output = source.name
        trail = self.trails[name]
        for part in parts:
            self.nodes[part.name] = part
            self.trails[part.name] = trail
            self._infer(part.name)
        self.nodes[source.name] = behind
        self._infer(source.name)
        self._find_readers()

    def _infer(self, name: str) -> None:
        node = self.nodes[name]
        result = infer(node, [self.tensors[one] for one in node.inputs])
        assert isinstance(result, Tensor)
        self.tensors[name] = result

    def _find_readers(self) -> None:
        self.read_by = {}
        for node in self.nodes.values():
            for one in set(node.inputs):
                self.read_by.setdefault(one, []).append(node.name)

    def fitted(self, target: int | None) -> tuple[Op, ...]:
        """Give the nodes in topological order, layers with exact accumulators."""
        problems: list[str] = []
        tensors = {"input": self.tensors["input"]}
        found: list[Op] = []
        waiting = list(self.nodes.values())
        while waiting:
            later = []
            for node in waiting:
                if any(one not in tensors for one in node.inputs):
                    later.append(node)
                    continue
                sources = [tensors[one] for one in node.inputs]
                if isinstance(node, Weighted):
                    totals = node.totals(sources[0].range)
                    exact = tuple(Accumulator.exact(t, 1, "signed", target) for t in totals)
                    node = replace(node, accumulators=exact)
                    most = max(accumulator.bits for accumulator in exact)
                    if target is not None and most > target:
                        problems.append(_over(node, most, target))
                        continue
                result = infer(node, sources)
                assert isinstance(result, Tensor)
                tensors[node.name] = result
                found.append(node)
            waiting = later if not problems else []
        if problems:
            raise ModelError.collect(problems)
        return tuple(found)


def _over(node: Weighted, bits: int, target: int) -> str:
    return (
        f"{node.name}: accumulators must fit the {target} bits of --accumulator-target, and need "
        f"{bits}; export the quantized weights (docs/import.md), or leave the option out"
    )
