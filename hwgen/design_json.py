"""What scripts and people need to know of a design, as the document design.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hwgen import __version__
from hwgen.ir import Graph
from hwgen.ir.subpixel import with_subpixels
from hwgen.plan.codec import encode
from hwgen.plan.cost.line_memory import line_memories, ring_memory
from hwgen.plan.design import Plan
from hwgen.plan.estimate.folded import readers
from hwgen.plan.estimate.stage import layer_costs
from hwgen.plan.identifier import part_name
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.folded import ring_of
from hwgen.plan.stages.program_memory import program_memory
from hwgen.plan.stages.stage import (
    PADDING,
    Enlarger,
    Fifo,
    FoldedDense,
    Joint,
    Lines,
    MapStage,
    OutputBuffer,
    Reorder,
    RunningPool,
    Stage,
    Stream,
    UnrolledDense,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.streams.promises import promise_of
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.rtl.top import axis_bits


def design_json(plan: Plan, graph: Graph) -> dict[str, Any]:
    """Give what scripts and people need to know of a design."""
    costs = layer_costs(plan)
    return {
        "name": plan.name,
        "top": plan.name,
        "target": plan.target,
        "clock": "aclk",
        "accumulator": plan.accumulator,
        "latency_cycles": plan.latency_cycles,
        "interval_cycles": plan.interval_cycles,
        "ports": {
            "s_axis": _port_json(plan.inputs) | _input_values(graph),
            "m_axis": _port_json(plan.outputs) | _output_values(graph),
        },
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "style": layer.style,
                "pe": layer.pe,
                "simd": layer.simd,
                "pixels": layer.pixels,
                "rows": layer.rows,
                "columns": layer.columns,
                "nonzero": layer.nonzero,
                "sparsity": layer.sparsity,
                "accumulator_bits": list(layer.accumulator_bits),
                "data_type_bits": layer.data_type_bits,
                "cycles": layer.cycles,
                "luts_estimate": cost.luts,
                "brams_estimate": cost.brams,
            }
            for layer, cost in zip(plan.layers, costs, strict=True)
        ],
        "goal": encode(plan.goal),
        "subpixel": list(plan.subpixel),
        "stages": [
            _stage_json(stage, plan.name) | {"layer": layer, "reads": list(sources), "gives": value}
            for stage, layer, sources, value in zip(
                plan.stages, _layer_of(plan), plan.reads, _values(plan, graph), strict=True
            )
        ],
        "queues": _queues_json(plan),
        "model": {"name": graph.name, "metadata": dict(graph.metadata)},
        "hwgen_version": __version__,
    }


def _queues_json(plan: Plan) -> dict[str, Any] | None:
    """Say when beats pass and what units promise, where depths of queues rest on it.

    Beside that the latency and interval of each unit by itself.
    """
    if not any(isinstance(stage, Fifo) for stage in plan.stages):
        return None
    rhythm = None if plan.rhythm is None else asdict(plan.rhythm)
    return {
        "rhythm": rhythm,
        "promises": [asdict(promise_of(stage)) for stage in plan.stages],
        "alone": [latency_and_interval((stage,)) for stage in plan.stages],
    }


def _layer_of(plan: Plan) -> list[str]:
    """Give the layer that each stage is counted with."""
    layers = zip(plan.layers, plan.stages_by_layer, strict=True)
    return [layer.name for layer, stages in layers for _ in stages]


def _values(plan: Plan, graph: Graph) -> list[str]:
    """Give the network's value that the layer of each stage gives, nothing for what only moves."""
    layers = layers_of(with_subpixels(graph, plan.subpixel))
    values = [layer.tail_name for layer in layers]
    found, matrices = [], 0
    for stage in plan.stages:
        matrices += isinstance(stage, UnrolledDense | FoldedDense)
        if isinstance(stage, Joint | Reorder | OutputBuffer):
            found.append("")
        else:  # windows and poolings stand in front of their matrix
            found.append(values[matrices if isinstance(stage, MapStage) else matrices - 1])
    return found


def _stage_json(stage: Stage, top: str) -> dict[str, Any]:
    """Say what a unit is, what leaves it, and of one that sees more of a map its windows."""
    found = {
        "name": stage.name,
        "op": type(stage).__name__,
        "module": part_name(top, stage.name),
        "image": list(stage.outputs.image),
        "lanes": len(stage.outputs.lanes),
        "channels": len({*stage.outputs.order} - {PADDING}) // stage.outputs.pixels,
    }
    if isinstance(stage, FoldedDense) and stage.lines is not None:
        found |= _ring_json(stage, stage.lines)
    if isinstance(stage, WindowBuffer | RunningPool):
        found |= {"kernel": list(stage.kernel), "stride": list(stage.stride)}
    if isinstance(stage, WindowBuffer | RunningPool | Enlarger):
        found["memories"] = [
            {"words": memory.words, "bits": memory.bits, "kind": stage.memory}
            for memory in line_memories(stage)
        ]
    if isinstance(stage, Enlarger):
        found["factor"] = stage.factor
    if isinstance(stage, RunningPool):
        found["pool"] = stage.kind
    if isinstance(stage, WindowMax):
        found["pool"] = "max"
    return found


def _ring_json(stage: FoldedDense, lines: Lines) -> dict[str, Any]:
    """Say which windows a folded convolution reads, and where the rows lie."""
    copies, shape = readers(stage, program_memory(stage)), ring_of(stage)
    assert shape is not None
    ring = ring_memory(shape, copies)
    copy = {"words": ring.copy.words, "bits": ring.copy.bits, "kind": stage.vector_memory}
    found = [copy] * copies
    if ring.assembled is not None:
        held = ring.assembled
        found += [{"words": held.words, "bits": held.bits, "kind": "lut"}] * len(shape.kept)
    return {"kernel": list(lines.kernel), "stride": list(lines.stride), "memories": found}


def _port_json(stream: Stream) -> dict[str, Any]:
    lane = stream.lanes[0]
    return {
        "tdata_bits": axis_bits(stream),
        "beats": stream.beats,
        "lanes": len(stream.lanes),
        "type": str(lane),
        "image": list(stream.image),
        "elements": sum(element != PADDING for element in stream.order) * stream.positions,
    }


def _input_values(graph: Graph) -> dict[str, Any]:
    """Say what the integers at the input stand for: `scale * integer + offset`."""
    spec = graph.input
    return {"meaning": "codes", "scale": [spec.scale], "offset": [spec.offset]}


def _output_values(graph: Graph) -> dict[str, Any]:
    """Say what leaves, and where it is numbers the scale and offset of all or each channel."""
    real = graph.dequantization
    numbers = {"scale": None, "offset": None} if real is None else real.to_json()
    return {"meaning": graph.result, **numbers}
