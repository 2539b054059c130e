"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

from dataclasses import replace

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.ir.subpixel import with_subpixels
from hwgen.plan.assembly import Assembly
from hwgen.plan.choose.bram_limit import hold_brams
from hwgen.plan.choose.budget import within_budget
from hwgen.plan.choose.choices import asked_for, least_cycles
from hwgen.plan.choose.goals import choose
from hwgen.plan.choose.queue_memory import with_queue_memories
from hwgen.plan.choose.subpixels import check_all_folded, subpixel_ways, worth
from hwgen.plan.design import Budget, LayerChoice, Plan
from hwgen.plan.identifier import top_name
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.stages.wiring import in_a_row
from hwgen.plan.streams.queues import with_queues
from hwgen.plan.streams.timing import timing
from hwgen.plan.unrolled.flow import with_flow


def plan_design(
    graph: Graph, options: BuildOptions, progress: Progress = lambda _, __: None
) -> Plan:
    """Decide everything about the hardware of a network.

    Raises
    ------
    PlanError
        Where the network or the options cannot be built.
    """
    ways = subpixel_ways(graph, options)
    plans, problems = [], []
    for place, names in enumerate(ways):

        def told(step: str, share: float, place: int = place) -> None:
            progress(step, (place + share) / len(ways))

        try:
            plans.append(_plan_way(with_subpixels(graph, names), names, options, told))
        except PlanError as problem:
            problems.append(problem)
    if not plans:
        raise problems[0]
    return min(plans, key=lambda plan: worth(plan, options))


def _plan_way(
    graph: Graph, subpixel: tuple[str, ...], options: BuildOptions, progress: Progress
) -> Plan:
    """Plan a network whose convolutions in `subpixel` stand in front of their enlargement."""
    layers = layers_of(graph)
    if subpixel and options.subpixel == "always" and options.style == "auto":
        options = replace(options, style="folded")

    def planned(choices: tuple[LayerChoice, ...], options: BuildOptions) -> Plan:
        check_all_folded(subpixel, choices, "subpixel")
        plan = plan_chosen(graph, layers, choices, options, progress)
        return replace(plan, subpixel=subpixel)

    def at_price(own: BuildOptions) -> Plan:
        if isinstance(own.goal, Budget):
            return within_budget(own.goal, graph, layers, own, planned, progress)
        return planned(asked_for(layers, own) or choose(graph, layers, own, progress), own)

    return hold_brams(options, at_price)


def plan_chosen(
    graph: Graph,
    layers: tuple[Layer, ...],
    choices: tuple[LayerChoice, ...],
    options: BuildOptions,
    progress: Progress = lambda _, __: None,
) -> Plan:
    """Plan each layer as chosen, and what joins them; the graph is taken as it is.

    Raises
    ------
    PlanError
        Where a layer cannot be built so.
    """
    slowest = max(least_cycles(*pair) for pair in zip(layers, choices, strict=True))
    net = Assembly(graph, layers, choices, slowest, options)
    for index, layer in enumerate(layers):
        progress(f"plan {layer.name}", index / len(layers))
        net.add(index)
    stages, reads = with_queues(net.inputs, tuple(net.stages), tuple(net.reads), tuple(net.places))
    if reads == in_a_row(len(stages)):
        stages = with_flow(stages, options)
        reads = in_a_row(len(stages))  # with what was added
    stages = with_queue_memories(stages, choices, options.target)
    assert len({stage.name for stage in stages}) == len(stages), "a name is that of one module"
    times = timing(stages, reads)
    return Plan(
        name=top_name(graph.name),
        target=options.target,
        goal=options.goal,
        pipeline=options.pipeline,
        clock_mhz=options.clock_mhz,
        effort=options.effort,
        subpixel=(),
        choices=choices,
        stages=stages,
        reads=reads,
        layers=tuple(net.summaries),
        latency_cycles=times.latency,
        interval_cycles=times.interval,
        rhythm=times.rhythm,
    )
