"""The ways to build a layer, planned to the end so that their cost is that of real stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.numeric import Range
from hwgen.plan.choose.choices import folded, least_cycles, neighbours, unrolled
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import LayerChoice
from hwgen.plan.estimate.stage import Cost, layer_cost, stage_cost
from hwgen.plan.folded.folding import LOADING
from hwgen.plan.folded.ring import ring_lanes
from hwgen.plan.layer import Layer
from hwgen.plan.options import MAX_UNROLLED_NONZERO, BuildOptions
from hwgen.plan.stages.stage import Stream
from hwgen.plan.streams.joints import entry, lanes_within, narrower, slowest_stage

MAX_MULTIPLIERS = 1024  # of a folded layer that is chosen by itself
LEAST_LUTS_PER_WEIGHT = 0.5  # no layer was unrolled for less; where that is more, it is not tried
PIXELS = (8, 4, 16)  # neighbouring windows at the most, the first of them tried first
CONVERTER_LUTS = 12  # of the counters and enables of a converter to one beat


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A choice with what it takes."""

    choice: LayerChoice
    cycles: int
    cost: Cost

    @property
    def worth(self) -> int:
        """LUTs, and block RAMs at their price."""
        return self.cost.priced(self.choice.luts_per_bram)


class Candidates:
    """The ways to build one layer; each is planned once.

    Parameters
    ----------
    graph, layer
        The network and the layer of it.
    options
        Of the build; a style other than auto leaves one way.
    """

    def __init__(self, graph: Graph, layer: Layer, options: BuildOptions) -> None:
        self.graph, self.layer, self.options = graph, layer, options
        self.name = layer.name
        self.kind = Range.covering(layer.inputs).type
        self.rings = layer.window is not None and layer.window.image != (1, 1)
        side_by_side = neighbours(layer.positions[1], max(PIXELS)) if self.rings else 1
        self.most = min(MAX_MULTIPLIERS, layer.rows * layer.columns * side_by_side)
        self._folded: dict[tuple[int, int], Candidate] = {}
        self._unrolled: list[Candidate] | None = None

    @property
    def most_cycles(self) -> int:
        """Cycles on a single multiplier."""
        return self._on(1).cycles if self.options.style != "unrolled" else self.layer.cycles

    @property
    def _unrolls(self) -> bool:
        small = self.layer.nonzero <= MAX_UNROLLED_NONZERO
        return self.options.style == "unrolled" or (self.options.style == "auto" and small)

    def least_cycles(self, wanted: int) -> int:
        """Give the fewest cycles of any way, or `wanted` where one keeps it."""
        if self._unrolls:
            return self.layer.cycles
        found = self._within(wanted)
        if found is not None:
            return wanted
        return min(candidate.cycles for candidate in self._folded.values())

    def ways(self, interval: int) -> list[Candidate]:
        """Give the unrolled and the cheapest folded way that keep an interval."""
        within = None if self.options.style == "unrolled" else self._within(interval)
        found = [] if within is None else [within]
        if self._unrolls and (
            within is None or within.worth > LEAST_LUTS_PER_WEIGHT * self.layer.nonzero
        ):
            try:
                found += self._unrolled_way()
            except PlanError:  # a clock that no adder keeps leaves the folded way
                if within is None:
                    raise
        return found

    def joint_luts(self, before: Candidate | None, candidate: Candidate) -> int:
        """LUTs of what joins this layer to the one before."""
        whole_before = before is None or before.choice.style == "unrolled"
        unrolled = candidate.choice.style == "unrolled"
        reads_whole = bool(self.layer.front) or (unrolled and self.layer.has_window)  # of a map
        gathered = 0 if whole_before or not (unrolled or reads_whole) else CONVERTER_LUTS
        if unrolled or not (whole_before or reads_whole) or (before is None and not reads_whole):
            return gathered
        elements = len(self.layer.channels) if self.rings else self.layer.columns
        whole = entry(tuple(range(elements)), self.kind, elements)
        lanes = len(self._stream(candidate.cycles).lanes)
        converter = narrower(self.name, whole, self.layer.inputs, lanes)
        cut = 0 if converter is None else stage_cost(converter, self.options.target).luts
        return gathered + cut

    def _unrolled_way(self) -> list[Candidate]:
        if self._unrolled is None:
            choice = unrolled(self.layer, self.options)
            lanes = self.layer.columns
            stream = entry(tuple(range(lanes)), self.kind, lanes)
            planned = plan_layer(self.graph, self.layer, stream, choice, self.options, 1)
            cost = layer_cost(planned.stages, self.options.target)
            self._unrolled = [Candidate(choice=choice, cycles=self.layer.cycles, cost=cost)]
        return self._unrolled

    def _on(self, multipliers: int, pixels: int = PIXELS[0]) -> Candidate:
        """Plan the layer on so many multipliers, neighbours in parallel first, then rows."""
        key = multipliers, pixels
        if key not in self._folded:
            together = neighbours(self.layer.positions[1], min(pixels, multipliers))
            pe = min(-(-multipliers // together), self.layer.rows)
            simd = min(-(-multipliers // together // pe), self.layer.columns)
            choice = folded(self.layer, pe, simd, self.options, together)
            stream = self._stream(least_cycles(self.layer, choice))
            planned = plan_layer(self.graph, self.layer, stream, choice, self.options, 1)
            self._folded[key] = Candidate(
                choice=choice,
                cycles=max(
                    slowest_stage(planned.stages), self._loaded_in(planned.stages[-1].outputs)
                ),
                cost=layer_cost(planned.stages, self.options.target),
            )
        return self._folded[key]

    def _stream(self, cycles: int) -> Stream:
        """Give what the layer reads, as narrow as keeps up with so many cycles."""
        window = self.layer.window
        if window is None or not self.rings:
            columns = self.layer.columns
            return entry(tuple(range(columns)), self.kind, lanes_within(columns, cycles))
        channels = len(self.layer.channels)
        pixels = replace(entry(tuple(range(channels)), self.kind, channels), image=window.image)
        lanes = ring_lanes(self.layer, pixels, cycles)
        return replace(entry(tuple(range(channels)), self.kind, lanes), image=window.image)

    def _loaded_in(self, stream: Stream) -> int:
        """Cycles that a folded layer behind takes to load what this one sends."""
        if self.rings:
            return stream.beats
        return 1 if self.layer.is_last or stream.beats == 1 else stream.beats + LOADING

    def _within(self, interval: int) -> Candidate | None:
        """Give the cheapest of the fewest multipliers that keep an interval; None for none.

        A few more are tried too: numbers with divisors can be arranged in more ways.
        """
        fewest = self._fewest(interval)
        if fewest is None:
            return None
        tried = {fewest, fewest + 1, fewest + 2, -(-fewest // 4) * 4}
        found = [self._on(min(multipliers, self.most)) for multipliers in sorted(tried)]
        if self.rings:
            found += [self._on(fewest, pixels) for pixels in PIXELS[1:]]
        keeping = [candidate for candidate in found if candidate.cycles <= interval]
        return min(keeping, key=lambda candidate: candidate.worth)

    def _fewest(self, interval: int) -> int | None:
        """Give the fewest multipliers that keep an interval, None where none do."""
        one = least_cycles(self.layer, folded(self.layer, 1, 1, self.options))
        multipliers = min(max(-(-one // interval), 1), self.most)
        while (cycles := self._on(multipliers).cycles) > interval:
            if multipliers == self.most:
                return None
            short = -(-multipliers * cycles // interval)
            multipliers = min(max(multipliers + 1, (multipliers + short) // 2), self.most)
        return multipliers
