"""Plans the stages of a folded layer: schedule, tables of thresholds or argmax."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from hwgen.ir import Graph
from hwgen.numeric import Range
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import FoldedPlan, plan_folded
from hwgen.plan.folded.threshold_products import threshold_products
from hwgen.plan.folded.threshold_search import threshold_search
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.planned_layer import (
    PlannedLayer,
    check_width,
    register_bits,
    summary_of,
)
from hwgen.plan.stages.stage import (
    PADDING,
    Fifo,
    FoldedDense,
    Reorder,
    SerialArgmax,
    Stage,
    Stream,
)
from hwgen.plan.streams.joints import beats_within, reordered

DEFAULT_PE = 4
QUEUED_MULTIPLIERS = 32  # of a unit whose stall has too far to go to wait for what is behind it
EMPTY = 10  # times as many weights as rows without any, up to which these are worth their steps
COMPARED_BITS = 12  # of a code above which memories are too large to be looked at beside products


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What reads a folded convolution.

    Attributes
    ----------
    taken
        Neighbours beside one another that it takes: divisors of this number, 0 for any.
    knows_constants
        It reads no channel that has no weights.
    """

    taken: int = 0
    knows_constants: bool = False


ANYONE = Reader()


def plan_folded_layer(
    graph: Graph,
    layer: Layer,
    stream: Stream,
    options: BuildOptions,
    interval: int,
    reader: Reader,
) -> PlannedLayer:
    """Schedule a layer on few multipliers, with thresholds in memories or a running argmax.

    `interval` are cycles of the slowest layer.
    """
    folded = FoldedOptions(
        target=options.target,
        pe=min(DEFAULT_PE, layer.rows) if options.pe is None else min(options.pe, layer.rows),
        simd=1 if options.simd is None else min(options.simd, layer.columns),
        skip=options.skip,
        accumulator=options.accumulator_method,
        minimum_bits=options.accumulator_width,
        luts_per_bram=options.bram_price,
        effort=options.effort,
        pixels=options.pixels or 1,
        interval=interval,
        taken=reader.taken,
        drop_empty=_drops_empty(layer, reader),
    )
    planned = plan_folded(layer, stream, folded)
    dense = planned.stage
    bits = register_bits(layer, dense)
    check_width(layer, bits, options)
    stages: tuple[Stage, ...] = (dense, *_queue(dense))
    if layer.thresholds is not None:
        stages += _thresholds(layer, planned, interval, options)
    elif layer.tail == "argmax":
        index = layer.outputs[0].type
        stages += (
            SerialArgmax(
                name=identifier(layer.tail_name),
                inputs=dense.outputs,
                outputs=Stream(lanes=(index,), order=(0,)),
                labels=layer.labels,
            ),
        )
    if layer.is_last and layer.tail != "argmax":
        stages += _in_order(layer, dense, stages[-1].outputs, options)
    return PlannedLayer(stages=stages, summary=summary_of(graph, layer, "folded", bits, dense))


def _drops_empty(layer: Layer, reader: Reader) -> bool:
    """Whether rows without weights need not leave: who reads knows their constants."""
    if layer.window is not None:
        empty = int((~layer.weight.any(axis=1)).sum())
        costs = EMPTY * empty > layer.nonzero  # steps that nobody would miss
        return layer.tail != "argmax" and reader.knows_constants and costs
    return layer.tail == "output" or (layer.tail == "threshold" and not layer.is_last)


def _thresholds(
    layer: Layer, planned: FoldedPlan, interval: int, options: BuildOptions
) -> tuple[Stage, ...]:
    """Give products, or a search in memories where that takes less, block RAMs at their price."""
    assert layer.thresholds is not None
    codes = Range(layer.code_lo, layer.code_lo + layer.thresholds.shape[1])
    products = threshold_products(layer, planned, options)
    if products is not None and codes.span.bit_length() > COMPARED_BITS:
        return products
    slowest = max(interval, planned.stage.cycles * prod(layer.positions) // planned.stage.pixels)
    search = threshold_search(layer, planned, codes, slowest, options)
    ways: list[tuple[Stage, ...]] = [search, *([] if products is None else [products])]
    costs = [chain_cost(way, options.target) for way in ways]
    prices = [cost.priced(options.bram_price) for cost in costs]
    return ways[prices.index(min(prices))]


def _queue(dense: FoldedDense) -> tuple[Fifo, ...]:
    """Give a large unit two places behind it, so that its stall comes from a register nearby."""
    if dense.multipliers < QUEUED_MULTIPLIERS:
        return ()
    stream = dense.outputs
    return (Fifo(name=part_name(dense.name, "queue"), inputs=stream, outputs=stream, depth=2),)


def _in_order(
    layer: Layer, dense: FoldedDense, stream: Stream, options: BuildOptions
) -> tuple[Reorder, ...]:
    """Put the outputs of the last layer back into order, where they are not."""
    natural = (*range(layer.rows), *[PADDING] * (-layer.rows % len(stream.lanes)))
    is_natural = stream.pixels == 1 and stream.order == natural
    if is_natural and (dense.counted or PADDING not in natural):
        return ()  # a PE that has no row left may hold anything, in any but dense mode
    beats = beats_within(layer.rows, stream.pixels, dense.cycles)
    return (reordered(identifier(layer.tail_name), stream, layer.outputs, beats, options),)
