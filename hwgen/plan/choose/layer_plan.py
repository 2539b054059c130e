"""Plans one layer in the style and on the multipliers that were chosen for it."""

from __future__ import annotations

from hwgen.ir import Graph
from hwgen.plan.choose.choices import options_for
from hwgen.plan.design import LayerChoice
from hwgen.plan.folded.layer import ANYONE, Reader, plan_folded_layer
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.planned_layer import PlannedLayer
from hwgen.plan.stages.stage import Stream
from hwgen.plan.unrolled.layer import plan_unrolled_layer


def plan_layer(
    graph: Graph,
    layer: Layer,
    stream: Stream,
    choice: LayerChoice,
    options: BuildOptions,
    interval: int,
    reader: Reader = ANYONE,
) -> PlannedLayer:
    """Plan a layer that gets a vector every `interval` cycles.

    Raises
    ------
    PlanError
        Where it cannot be built so.
    """
    own = options_for(choice, options)
    if choice.style == "unrolled":
        return plan_unrolled_layer(graph, layer, stream, own)
    return plan_folded_layer(graph, layer, stream, own, interval, reader)
