"""Proves a chain of units on feature maps, one after another, a position a beat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from hwgen.errors import ModelError
from hwgen.ir import Argmax, Conv2d, Dense, Flatten, Graph, MaxPool2d, Op, SumPool2d, Threshold
from hwgen.numeric import Range
from hwgen.prove.certificate.maps import MapUnit, matrix_unit
from hwgen.prove.forms.forms import bit, same
from hwgen.prove.machine.streams import cut
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.argmax import prove_argmax
from hwgen.prove.units.dense import DenseProof
from hwgen.prove.units.flowing import moved
from hwgen.prove.units.positions import prove_positions
from hwgen.prove.units.running_pool import prove_pool
from hwgen.prove.units.staircase import prove_threshold
from hwgen.prove.units.window import Tap, lanes_of, prove_taps
from hwgen.prove.units.window_max import prove_window_max
from hwgen.prove.views import Channel, View, view_of, weights_of

Progress = Callable[[str], None]
MapOp = Dense | Conv2d | Threshold | MaxPool2d | SumPool2d | Flatten | Argmax
KNOWN = Dense, Conv2d, Threshold, MaxPool2d, SumPool2d, Flatten, Argmax


def map_chain(graph: Graph) -> list[Op]:
    """Give the operations, each of which reads the one before it.

    Raises
    ------
    ModelError
        Where the network is no such chain.
    """
    source = "input"
    for node in graph.nodes:
        if not isinstance(node, KNOWN) or node.inputs != (source,):
            raise ModelError(
                f"{graph.name}: a proof is possible for chains of convolutions, poolings, "
                f"thresholds and dense layers, and {node.name!r} is something else; simulate it"
            )
        source = node.name
    return list(graph.nodes)


class MapChain:
    """The stream between two units: a map, and what its channels are.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.

    Attributes
    ----------
    flows
        How each unit that is a pipeline waits.
    """

    def __init__(
        self, design: DesignFolder, netlist: Mapping[str, Any], modules: Mapping[str, Module]
    ) -> None:
        self.design, self.netlist, self.modules = design, netlist, modules
        self.nodes = map_chain(design.graph)
        source, shape = design.graph.input.type, design.graph.input.shape
        vector = len(shape) != 3 or isinstance(self.nodes[0], Flatten)
        self.image = (1, 1) if vector else (shape[1], shape[2])
        count = prod(shape) if vector else shape[0]
        self.channels = [Channel(limits=source.range, bits=source.bits)] * count
        self.view, self.taps = View(image=self.image), list[Tap]()
        self.sums: list[DenseProof] = []
        self.flows: list[tuple[str, Flow]] = []

    def prove(self, progress: Progress) -> Iterator[MapUnit]:
        """Give the proof of each unit.

        Raises
        ------
        NotProvedError
            Where a unit does not do what the network does.
        """
        design = self.design
        if (design.input_beats, design.input_lanes) != (prod(self.image), len(self.channels)):
            raise NotProvedError(
                f"{design.top}: must take {prod(self.image)} beats of {len(self.channels)} lanes"
            )
        proofs = {
            "WindowBuffer": self._window,
            "RunningPool": self._pool,
            "WindowMax": self._window_max,
            "Widener": self._widener,
            "Fifo": self._queue,
            "UnrolledDense": self._matrix,
            "ParallelThreshold": self._threshold,
            "ParallelArgmax": self._argmax,
        }
        for name, kind in zip(design.units, design.kinds, strict=True):
            progress(name)
            if kind == "OutputBuffer":
                continue
            if kind not in proofs:
                raise NotProvedError(f"{name}: a unit {kind} on a map cannot be proved yet")
            yield proofs[kind](self.modules[name])
        self._end()

    def _head(self, *kinds: type) -> Op | None:
        """Give the next operation, if it is of some kind; a map of one pixel is its own vector."""
        if self.nodes and isinstance(self.nodes[0], Flatten) and prod(self.image) == 1:
            self.nodes.pop(0)
        return self.nodes[0] if self.nodes and isinstance(self.nodes[0], kinds) else None

    def _pop(self, module: Module, *kinds: type) -> Op:
        node = self._head(*kinds)
        if node is None:
            raise NotProvedError(f"{module.name}: must be of an operation of the network")
        self.nodes.pop(0)
        return node

    def _cut(self, module: Module, widths: Sequence[int]) -> list[Word]:
        """Cut what a unit reads into the lanes of the unit before it."""
        payload = module.port("i__payload")
        if len(payload) != sum(widths):
            raise module.problem(
                payload[0], f"i__payload must have {sum(widths)} bits, not {len(payload)}"
            )
        return cut(payload, widths)

    def _settle(self, module: Module) -> None:
        """Show that sums that go to no threshold are themselves, and not others that tell them."""
        for row, lanes in enumerate(zip(*(proof.lanes for proof in self.sums), strict=True)):
            limits = _union([lane.row.limits for lane in lanes])
            width = len(lanes[0].nets)
            exact = all(
                same(bit(lane.carried, place), bit(lane.row, place))
                for lane in lanes
                for place in range(width)
            )
            if not exact or limits.type.bits > width:
                raise NotProvedError(
                    f"{module.name}, channel {row}: must read the row's sum itself"
                )
            self.channels[row] = Channel(limits=limits, bits=width)
        self.sums = []

    def _window(self, module: Module) -> MapUnit:
        node = self._head(Conv2d, SumPool2d, MaxPool2d)
        if node is None:
            raise NotProvedError(f"{module.name}: must be of an operation of the network")
        self._settle(module)
        self._cut(module, [channel.bits for channel in self.channels])
        self.view = view_of(node, self.image)
        beats = prod(self.image), prod(self.view.outputs)
        found = moved(self.netlist, module.name, beats)
        self.taps = prove_taps(module, found, self.view, self.channels)
        return MapUnit(
            name=module.name,
            op="window",
            positions=beats[1],
            states=found.states,
            queue_states=found.queued,
            classes=len(self.view.classes),
        )

    def _window_max(self, module: Module) -> MapUnit:
        self._pop(module, MaxPool2d)
        words = self._cut(module, [len(tap.nets) for tap in self.taps])
        taps = _renamed(self.taps, words)
        proof = prove_window_max(module, self.view, taps, self.channels)
        self.flows.append((module.name, proof.flow))
        self._to_positions()
        ranges = tuple(channel.limits for channel in self.channels)
        positions = prod(self.image)
        return MapUnit(name=module.name, op="largest", positions=positions, ranges=ranges)

    def _to_positions(self) -> None:
        self.image, self.taps = self.view.outputs, []
        self.view = View(image=self.image)

    def _pool(self, module: Module) -> MapUnit:
        node = self._pop(module, MaxPool2d, SumPool2d)
        self._settle(module)
        self._cut(module, [channel.bits for channel in self.channels])
        kind = "max" if isinstance(node, MaxPool2d) else "sum"
        self.view = view_of(node, self.image)
        widths, states = prove_pool(
            self.netlist, module.name, kind, self.view, self.channels
        )
        pixels = 1 if kind == "max" else self.view.pixels.shape[1]
        self.channels = [
            Channel(limits=Range(c.limits.lo * pixels, c.limits.hi * pixels), bits=width)
            for c, width in zip(self.channels, widths, strict=True)
        ]
        for channel in self.channels:
            if channel.limits.type.bits > channel.bits:
                raise NotProvedError(f"{module.name}: must hold {channel.limits}")
        self._to_positions()
        ranges = tuple(channel.limits for channel in self.channels)
        return MapUnit(
            name=module.name,
            op=f"{kind} pool",
            positions=prod(self.image),
            states=states,
            ranges=ranges,
        )

    def _widener(self, module: Module) -> MapUnit:
        self._pop(module, Flatten)
        self._settle(module)
        self._cut(module, [channel.bits for channel in self.channels])
        pixels = prod(self.image)
        found = moved(self.netlist, module.name, (pixels, 1))
        # one position that sees all pixels, each in its own tap
        view = View(image=self.image, kernel=self.image)
        taps = prove_taps(module, found, view, self.channels)
        order = [(channel, tap) for channel in range(len(self.channels)) for tap in range(pixels)]
        if [(tap.channel, tap.tap) for tap in taps] != order:
            raise NotProvedError(f"{module.name}: must give channel by channel, each row by row")
        self.channels = [
            Channel(limits=self.channels[channel].limits, bits=len(tap.nets))
            for tap, (channel, _) in zip(taps, order, strict=True)
        ]
        self.image = (1, 1)
        self.view = View(image=self.image)
        return MapUnit(name=module.name, op="flatten", positions=1, states=found.states)

    def _queue(self, module: Module) -> MapUnit:
        """Show that beats leave as they came, whatever they are."""
        found = moved(self.netlist, module.name, (1, 1))
        width = len(module.port("i__payload"))
        if found.beats.any() or found.bits.tolist() != list(range(width)):
            raise NotProvedError(f"{module.name}: must give the beat that came first, whole")
        return MapUnit(
            name=module.name, op="queue", positions=prod(self.image), states=found.states
        )

    def _matrix(self, module: Module) -> MapUnit:
        node = self._head(Dense, Conv2d, SumPool2d)
        if node is not None:
            self.nodes.pop(0)
        if not self.taps:
            self._settle(module)
            self.view = view_of(node, self.image)
            widths = [channel.bits for channel in self.channels]
            self.taps = self._pointwise(module, self._cut(module, widths))
        words = self._cut(module, [len(tap.nets) for tap in self.taps])
        matrix = weights_of(node, len(self.channels))
        taps = _renamed(self.taps, words)
        self.sums = prove_positions(module, matrix, self.view, taps, self.channels)
        self.flows.append((module.name, self.sums[0].flow))
        classes = len(self.view.classes)
        self._to_positions()
        self.channels = [Channel(limits=Range(0, 0), bits=0)] * len(matrix[0])
        return matrix_unit(module.name, prod(self.image), classes, self.sums)

    def _pointwise(self, module: Module, words: Sequence[Word]) -> list[Tap]:
        """Give the lanes of a unit that reads pixels themselves: the tap that is the pixel."""
        pixels = list(range(prod(self.image)))
        for tap, column in enumerate(self.view.pixels.T.tolist()):
            if column == pixels:
                return [Tap(nets=w, tap=tap, channel=k) for k, w in enumerate(words)]
        raise NotProvedError(f"{module.name}: must read windows, not pixels")

    def _threshold(self, module: Module) -> MapUnit:
        node = self._pop(module, Threshold)
        assert isinstance(node, Threshold)
        if not self.sums:
            raise NotProvedError(f"{module.name}: must read sums")
        words = self._cut(module, [len(lane.nets) for lane in self.sums[0].lanes])
        proofs = [prove_threshold(module, node, proof.lanes, words) for proof in self.sums]
        codes = [_union(row) for row in zip(*(proof.codes for proof in proofs), strict=True)]
        lanes = proofs[0].lanes
        self.channels = [
            Channel(limits=c, bits=len(nets)) for c, nets in zip(codes, lanes, strict=True)
        ]
        self.sums = []
        self.flows.append((module.name, proofs[0].flow))
        return MapUnit(
            name=module.name,
            op="threshold",
            positions=prod(self.image),
            values=sum(proof.values for proof in proofs),
            ranges=tuple(codes),
        )

    def _argmax(self, module: Module) -> MapUnit:
        self._pop(module, Argmax)
        if len(self.sums) != 1:
            raise NotProvedError(f"{module.name}: must read sums")
        lanes = self.sums[0].lanes
        words = self._cut(module, [len(lane.nets) for lane in lanes])
        proof = prove_argmax(module, lanes, words)
        limits = Range(0, len(lanes) - 1)
        self.channels = [Channel(limits=limits, bits=len(proof.lanes[0]))]
        self.sums = []
        self.flows.append((module.name, proof.flow))
        return MapUnit(name=module.name, op="argmax", positions=1, ranges=(limits,))

    def _end(self) -> None:
        """Show that the last stream is the network's output, in order and in its type."""
        design = self.design
        last = self.modules[design.units[-1]]
        self._settle(last)
        kind = design.output
        while self.nodes and isinstance(self.nodes[0], Flatten):
            self.nodes.pop(0)
        if self.nodes or self.taps:
            raise NotProvedError(f"{design.top}: must have units for all of the network")
        if (design.output_beats, design.output_lanes) != (prod(self.image), len(self.channels)):
            raise NotProvedError(
                f"{design.top}: must give {prod(self.image)} beats of {len(self.channels)} lanes"
            )
        for index, channel in enumerate(self.channels):
            limits = channel.limits
            if channel.bits != kind.bits or limits.lo < kind.lo or limits.hi > kind.hi:
                raise NotProvedError(
                    f"{last.name}, lane {index}: must be {kind} and hold [{limits.lo}, "
                    f"{limits.hi}], and has {channel.bits} bits"
                )


def _union(ranges: Sequence[Range]) -> Range:
    return Range(min(limits.lo for limits in ranges), max(limits.hi for limits in ranges))


def _renamed(taps: Sequence[Tap], words: Sequence[Word]) -> list[Tap]:
    """Give lanes by the nets of the unit that reads them."""
    return [
        Tap(nets=nets, tap=tap.tap, channel=tap.channel)
        for tap, nets in zip(taps, words, strict=True)
    ]
