"""Places the registers of an adder graph: as early as the clock needs, with the fewest bits.

Retiming for minimum area after Leiserson and Saxe ("Retiming synchronous circuitry", 1991, section
8) on a graph without cycles. Every adder gets a stage, the number of registers between the inputs
and its operands. A value that several adders read is delayed once, to the latest of them. The bits
held are linear in stages and latest readings, all constraints bound differences of two of those, so
that the linear programme has an optimum in integers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from hwgen.plan.cost.delay import StageLimit
from hwgen.plan.stages.adder_graph import AdderGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the registers lie.

    `adder_stages[k]` registers lie between the inputs and the operands of adder k,
    `output_stages[k]` in front of the adder that adjusts output k (`latency` where there is none).
    """

    latency: int
    adder_stages: tuple[int, ...]
    output_stages: tuple[int, ...]


def earliest(graph: AdderGraph, limit: StageLimit, tails_ns: tuple[float, ...]) -> Placement:
    """Give the placement in which every adder is as early as the limit allows.

    `tails_ns[k]` is what lies between output k and the next register behind it; an output with an
    infinite tail ends in a register.
    """
    network = _Network(graph, limit, tails_ns)
    return network.placement(network.earliest())


def fewest_bits(graph: AdderGraph, limit: StageLimit, tails_ns: tuple[float, ...]) -> Placement:
    """Give a placement of the same latency that holds the fewest bits."""
    network = _Network(graph, limit, tails_ns)
    first = network.earliest()
    return network.placement(network.improved(first) if network.latency(first) else first)


def register_bits(graph: AdderGraph, placement: Placement) -> int:
    """Count the bits that the registers of a placement hold."""
    last = list(_adder_stages(graph, placement))
    for index, adder in enumerate(graph.adders):
        for operand, _ in adder.signed_operands:
            last[operand.node] = max(last[operand.node], placement.adder_stages[index])
    bits = 0
    for output, stage in zip(graph.outputs, placement.output_stages, strict=True):
        if output.node >= 0:
            end = stage if output.adjusts else placement.latency
            last[output.node] = max(last[output.node], end)
            bits += (placement.latency - end) * output.range.bits
    stages = _adder_stages(graph, placement)
    delays = [end - start for start, end in zip(stages, last, strict=True)]
    return bits + sum(d * graph.stored_range(node).bits for node, d in enumerate(delays))


def _adder_stages(graph: AdderGraph, placement: Placement) -> tuple[int, ...]:
    return (0,) * len(graph.inputs) + placement.adder_stages


class _Network:
    """The graph as nodes with operands: inputs, adders, then the adders that adjust outputs."""

    def __init__(self, graph: AdderGraph, limit: StageLimit, tails_ns: tuple[float, ...]) -> None:
        self.graph = graph
        self.limit = limit
        self.inputs = len(graph.inputs)
        self.operands: list[tuple[int, ...]] = [()] * self.inputs
        self.operands += [tuple(op.node for op, _ in a.signed_operands) for a in graph.adders]
        self.bits = [graph.stored_range(node).bits for node in range(len(self.operands))]
        self.ends: list[tuple[int, float]] = []
        self.adjusters: dict[int, int] = {}
        for index, output in enumerate(graph.outputs):
            node = output.node
            if node < 0:
                continue
            if output.adjusts:
                self.adjusters[index] = len(self.operands)
                self.operands.append((node,))
                self.bits.append(output.range.bits)
                node = self.adjusters[index]
            self.ends.append((node, tails_ns[index]))
        self.whole = self._whole()
        self.before = [tuple(self.too_far(node)) for node in range(len(self.operands))]
        self.before_end = {start for node, tail in self.ends for start in self.too_far(node, tail)}

    def placement(self, stages: list[int]) -> Placement:
        """Give stages of nodes as a placement."""
        latency = self.latency(stages)
        count = len(self.graph.outputs)
        adjusting = (self.adjusters.get(index) for index in range(count))
        return Placement(
            latency=latency,
            adder_stages=tuple(stages[self.inputs : self.inputs + len(self.graph.adders)]),
            output_stages=tuple(latency if k is None else stages[k] for k in adjusting),
        )

    def earliest(self) -> list[int]:
        """Give the earliest stage of every node."""
        stages = [0] * len(self.operands)
        for node, operands in enumerate(self.operands):
            bounds = [stages[operand] for operand in operands]
            bounds += [stages[start] + 1 for start in self.before[node]]
            stages[node] = max(bounds, default=0)
        return stages

    def latency(self, stages: list[int]) -> int:
        """Give the registers from the inputs to the outputs."""
        ends = [stages[node] for node, _ in self.ends]
        return max(ends + [stages[start] + 1 for start in self.before_end], default=0)

    def too_far(self, node: int, after_ns: float = 0.0) -> Iterator[int]:
        """Give the nearest nodes from which the way to the end of `node` does not fit a stage.

        With `after_ns` the way goes on for as long, and `node` itself may be too far.
        """
        if node < self.inputs:
            if not self.limit.logic_fits(after_ns):
                yield node
            return
        if self.limit.adders_fit(*self.whole[node], after_ns):
            return
        reached = {node: (1, self.bits[node])}
        waiting = [-node]
        while waiting:
            start = -heapq.heappop(waiting)
            levels, widest = reached.pop(start)
            if not self.limit.adders_fit(levels, widest, after_ns) and (start != node or after_ns):
                yield start
                continue
            for operand in self.operands[start]:
                if operand < self.inputs:
                    continue
                if operand not in reached:
                    heapq.heappush(waiting, -operand)
                known = reached.get(operand, (0, 0))
                width = max(widest, known[1], self.bits[operand])
                reached[operand] = (max(levels + 1, known[0]), width)

    def _whole(self) -> list[tuple[int, int]]:
        """Give the levels of adders up to each node, and the width of the widest of them."""
        whole = [(0, 0)] * self.inputs
        for operands, bits in zip(
            self.operands[self.inputs :], self.bits[self.inputs :], strict=True
        ):
            levels, widest = zip(*(whole[operand] for operand in operands), strict=True)
            whole.append((max(levels) + 1, max(bits, *widest)))
        return whole

    def improved(self, first: list[int]) -> list[int]:
        """Give stages of the same latency with the fewest bits in registers.

        Variables are the stages of the nodes and, behind them, the latest stage that reads each.
        """
        count, latency = len(self.operands), self.latency(first)
        readings = [(u, v) for v, operands in enumerate(self.operands) for u in operands]
        apart = [(u, v) for v, starts in enumerate(self.before) for u in starts]
        rows = [(v, count + u, 0) for u, v in readings]
        rows += [(u, count + u, 0) for u in range(count)]
        rows += [(u, v, 0) for u, v in readings]
        rows += [(u, v, -1) for u, v in apart]
        lowest = np.array(first + first, float)
        highest = np.full(2 * count, float(latency))
        highest[: self.inputs] = 0
        for node, _ in self.ends:
            lowest[count + node] = latency
        for start in self.before_end:
            highest[start] = latency - 1
        bits = np.array(self.bits, float)
        table = np.array(rows)
        signs = np.tile([1.0, -1.0], len(rows))
        pairs = (np.repeat(np.arange(len(rows)), 2), table[:, :2].ravel())
        found = linprog(
            np.concatenate([-bits, bits]),
            A_ub=csr_array((signs, pairs), shape=(len(rows), 2 * count)),
            b_ub=table[:, 2],
            bounds=np.stack([lowest, highest], axis=1),
            method="highs",
        )
        assert found.success, found.message  # the earliest placement satisfies all constraints
        return [int(stage) for stage in np.rint(found.x[:count])]
