"""Puts the stages of a design together: those of each layer, and what brings it its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TypeVar

from hwgen.ir import Graph
from hwgen.numeric import Range
from hwgen.plan.choose.choices import options_for
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import LayerChoice, LayerSummary
from hwgen.plan.folded.layer import ANYONE, Reader
from hwgen.plan.folded.ring import fill_steps, has_ring, most_beats, ring_lanes
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.planned_layer import PlannedLayer
from hwgen.plan.stages.positions import flattened, on_map, one_position
from hwgen.plan.stages.stage import (
    PADDING,
    Enlarger,
    Narrower,
    RunningPool,
    Stage,
    Stream,
    WindowBuffer,
)
from hwgen.plan.stages.wiring import INPUT, come_alike, readers_of, side_by_side
from hwgen.plan.streams.joints import (
    beats_within,
    entry,
    lanes_within,
    narrower,
    one_beside,
    reordered,
    widener,
)
from hwgen.plan.streams.queues import Edge
from hwgen.plan.unrolled.front import front_stages
from hwgen.plan.windows import lines_of

S = TypeVar("S", bound=Stage)


@dataclass(frozen=True, slots=True)
class _Way:
    """What a stage can read: what several stages give side by side, as one stream.

    Stages behind it are named after `name`.
    """

    sources: tuple[int, ...]
    stream: Stream
    name: str


class Assembly:
    """The stages of the layers so far, what each of them reads, and where queues may stand.

    Parameters
    ----------
    graph, layers, choices
        The network, what it was cut into, and what was chosen for each layer.
    slowest
        Cycles a frame that all layers keep up with.
    options
        Those of the whole design.
    """

    def __init__(
        self,
        graph: Graph,
        layers: tuple[Layer, ...],
        choices: tuple[LayerChoice, ...],
        slowest: int,
        options: BuildOptions,
    ) -> None:
        self.stages: list[Stage] = []
        self.reads: list[tuple[int, ...]] = []
        self.places: list[Edge] = []
        self.summaries: list[LayerSummary] = []
        self._graph, self._layers, self._choices = graph, layers, choices
        self._slowest, self._options = slowest, options
        self._ends: list[int] = []  # the last stage of each layer
        self._readers = readers_of(tuple(layer.sources for layer in layers))
        self.inputs = self._input_stream()

    def add(self, index: int) -> None:
        """Add the stages of a layer, and what brings it its inputs.

        Raises
        ------
        PlanError
            Where it cannot be built as chosen.
        """
        layer, choice = self._layers[index], self._choices[index]
        way = self._brought(layer, choice)
        if choice.style == "folded" and lines_of(layer.window, way.stream.image) is not None:
            reader = self._reader(index)
            planned = self._planned(layer, choice, way.stream, self._slowest, reader)
            own = planned.stages
        else:
            one = one_position(way.stream) if layer.window is not None else flattened(way.stream)
            interval = max(self._slowest // prod(layer.positions), 1)
            planned = self._planned(layer, choice, one, interval)
            own = on_map(planned.stages, layer.positions)
        if any(isinstance(stage, Narrower) for stage in own):
            self.places.append((len(self.stages) + 1, 0))
        self._append(way, own)
        self._ends.append(len(self.stages) - 1)
        self.summaries.append(planned.summary)

    def _planned(
        self,
        layer: Layer,
        choice: LayerChoice,
        stream: Stream,
        interval: int,
        reader: Reader = ANYONE,
    ) -> PlannedLayer:
        return plan_layer(self._graph, layer, stream, choice, self._options, interval, reader)

    def _reader(self, index: int) -> Reader:
        """Give what a layer is to the one that reads it; anyone where several do."""
        layer = self._layers[index]
        if layer.is_last:
            return Reader(knows_constants=True)
        place = self._readers[index + 1][0]
        following, choice = self._layers[place], self._choices[place]
        window = following.window
        if window is None or following.front or self._is_shared(index):
            return ANYONE
        read = {tap.lane for tap in window.taps}
        knows = all(row not in read or weights.any() for row, weights in enumerate(layer.weight))
        taken = choice.pixels if window.columns.stride == 1 else 1
        return Reader(taken=0 if choice.style == "unrolled" else taken, knows_constants=knows)

    def _append(self, way: _Way, stages: Iterable[Stage]) -> _Way:
        """Add stages, each behind the one before it."""
        for stage in stages:
            self.stages.append(stage)
            self.reads.append(way.sources)
            way = _Way((len(self.stages) - 1,), stage.outputs, stage.name)
        return way

    def _input_stream(self) -> Stream:
        """Give the design's input: for unrolled layers whole, else a vector as narrow as can be.

        Whole is a vector, or a pixel of a map where any layer reads it by pixels.
        """
        kind, shape = self._graph.input.type, self._graph.input.shape
        if any(self._layers[reader].input_image for reader in self._readers[0]):
            channels, *size = shape
            kinds = (kind,) * channels
            return Stream(lanes=kinds, order=tuple(range(channels)), image=(size[0], size[1]))
        elements = tuple(range(prod(shape)))
        narrow = self._choices[0].style == "folded" and not self._is_shared(INPUT)
        lanes = lanes_within(len(elements), self._slowest) if narrow else len(elements)
        return entry(elements, kind, lanes)

    def _is_shared(self, source: int) -> bool:
        """Whether what a layer gives is read by several, or beside that of another."""
        readers = self._readers[source + 1]
        return len(readers) > 1 or any(len(self._layers[own].sources) > 1 for own in readers)

    def _way_to(self, layer: Layer, place: int) -> _Way:
        """Give what one of the layers gives that a layer reads."""
        source = layer.sources[place]
        end = INPUT if source == INPUT else self._ends[source]
        stream = self.inputs if source == INPUT else self.stages[end].outputs
        name = identifier(layer.name)
        is_alone = source != INPUT and not self._is_shared(source)
        if is_alone and self._layers[source].tail != "output":
            name = self.stages[end].name  # not that of a matrix, which has parts in front of it
        elif len(layer.sources) > 1:
            name = part_name(name, f"in{place}")
        return _Way((end,), stream, name)

    def _brought(self, layer: Layer, choice: LayerChoice) -> _Way:
        """Add what brings a layer's matrix its inputs: converters, poolings and windows.

        Windows and unrolled matrices read whole pixels or vectors; what stands in front of a ring
        reads pixels in several beats where it can.
        """
        start, unrolled = len(self.stages), choice.style == "unrolled"
        own = options_for(choice, self._options)
        way = self._way_to(layer, 0)
        if len(layer.sources) > 1:
            way = self._side_by_side(layer, choice, own)
            start = len(self.stages)
        places = [(start, place) for place in range(len(way.sources)) if start]
        if layer.input_image is not None and (layer.front or unrolled):
            way = self._to_front(layer, choice, way, own)
            before = len(self.stages)
            front = front_stages(layer, way.stream, own, shows=unrolled)
            way = self._append(way, front)
            bursts = (k for k, stage in enumerate(front) if _comes_in_bursts(stage))
            places += [(before + k, 0) for k in bursts if before + k]
        if not unrolled:
            way = self._cut(layer, choice, way)
        elif layer.window is None and (way.sources != (INPUT,) or way.stream.positions > 1):
            way = self._append(way, _all(widener(way.name, way.stream, layer.inputs)))
        self.places += dict.fromkeys(places)
        return way

    def _side_by_side(self, layer: Layer, choice: LayerChoice, options: BuildOptions) -> _Way:
        """Add what makes maps or vectors that a layer reads come alike.

        A ring is filled from the beats in which all of them come, or from as many of each as it has
        time for; who reads no ring reads whole pixels or vectors.
        """
        ways = [self._way_to(layer, place) for place in range(len(layer.sources))]
        streams = [way.stream for way in ways]
        channels = [self._channels(source) for source in layer.sources]
        beats = 1
        if choice.style == "folded" and not layer.front and has_ring(layer):
            joined = side_by_side(streams) if come_alike(streams) else None
            if joined is not None and fill_steps(layer, joined) <= self._slowest:
                return _Way(_ends(ways), joined, identifier(layer.name))
            beats = most_beats(layer, streams, tuple(map(len, channels)), self._slowest)
        for place, own in enumerate(channels):
            before = len(self.stages)
            ways[place] = self._in_beats(ways[place], own, beats, options)
            if before and len(self.stages) > before:
                self.places.append((before, 0))
        return _Way(_ends(ways), side_by_side([way.stream for way in ways]), identifier(layer.name))

    def _to_front(
        self, layer: Layer, choice: LayerChoice, way: _Way, options: BuildOptions
    ) -> _Way:
        """Add what makes pixels come as that reads them which stands in front of a matrix."""
        channels = layer.front[0].inputs if layer.front else layer.channels
        if choice.style == "unrolled" or not all(part.takes_beats for part in layer.front):
            return self._whole(way, channels, options)
        stream = way.stream
        beats = most_beats(layer, (stream,), (len(channels),), self._slowest)
        carries_all = stream.pixels == 1 and come_alike((stream,))
        if carries_all and 1 < stream.beats_each <= beats:
            return way
        return self._in_beats(way, channels, beats, options)

    def _channels(self, source: int) -> tuple[Range, ...]:
        """Give the ranges of what a layer gives, or of what enters the design."""
        if source != INPUT:
            return self._layers[source].outputs
        return tuple(kind.range for kind in self.inputs.lanes)

    def _in_beats(
        self, way: _Way, channels: tuple[Range, ...], beats: int, options: BuildOptions
    ) -> _Way:
        """Add what makes the channels of each pixel come in so many beats, in order."""
        stream = way.stream
        if beats == 1:
            return self._whole(way, channels, options)
        lanes = -(-len(channels) // beats)
        if stream.is_whole:
            narrow = narrower(way.name, one_position(stream), channels, lanes)
            return self._append(way, on_map(_all(narrow), stream.image))
        order = (*range(len(channels)), *[PADDING] * (beats * lanes - len(channels)))
        if stream.pixels == 1 and (stream.order, len(stream.lanes)) == (order, lanes):
            return way
        return self._append(way, (reordered(way.name, stream, channels, beats, options),))

    def _whole(self, way: _Way, channels: tuple[Range, ...], options: BuildOptions) -> _Way:
        """Add what gathers the channels of each pixel, one pixel after another."""
        if way.sources == (INPUT,):
            return way
        if way.stream.pixels > 1:
            cycles = self._slowest // way.stream.positions
            beats = beats_within(len(channels), way.stream.pixels, cycles)
            order = reordered(way.name, way.stream, channels, beats, options)
            way = self._append(way, (order,))
        wide = widener(way.name, one_position(way.stream), channels)
        return self._append(way, on_map(_all(wide), way.stream.image))

    def _cut(self, layer: Layer, choice: LayerChoice, way: _Way) -> _Way:
        """Add what cuts whole pixels or vectors to the beats of a folded layer."""
        stream, is_entry = way.stream, way.sources == (INPUT,)
        if layer.window is None or lines_of(layer.window, stream.image) is None:
            if stream.beats != stream.positions or (is_entry and not self._is_shared(INPUT)):
                return way
            at_once = one_position(stream) if layer.window is not None else flattened(stream)
            interval = max(self._slowest // prod(layer.positions), 1)
            lanes = lanes_within(layer.columns, interval)
            narrow = narrower(way.name, at_once, layer.inputs, lanes)
            return self._append(way, on_map(_all(narrow), layer.positions))
        strides = layer.window.columns.stride > 1 or choice.pixels % stream.beside
        if stream.beside > 1 and strides:
            beside = one_beside(way.name, one_position(stream))
            return self._append(way, on_map((beside,), stream.image))
        lanes = len(stream.lanes)  # of one type
        if stream.is_whole:
            lanes = ring_lanes(layer, stream, self._slowest)
        narrow = narrower(way.name, one_position(stream), layer.inputs, lanes)
        return self._append(way, on_map(_all(narrow), stream.image))


def _ends(ways: Iterable[_Way]) -> tuple[int, ...]:
    return tuple(end for way in ways for end in way.sources)


def _comes_in_bursts(stage: Stage) -> bool:
    """Whether a stage that has no queue reads or is read unevenly."""
    uneven = isinstance(stage, RunningPool | Enlarger)
    return uneven or (isinstance(stage, WindowBuffer) and not stage.queue)


def _all(stage: S | None) -> tuple[S, ...]:
    return () if stage is None else (stage,)
