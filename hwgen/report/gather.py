"""Gathers a report: reads a design folder and computes every bound from its integer weights."""

from __future__ import annotations

import shlex
from math import prod
from pathlib import Path

import numpy as np

from hwgen.digests import digests, proved_files, simulated_files
from hwgen.errors import ModelError
from hwgen.ir import Accumulator, Dense, Graph, Op, Threshold, Weighted
from hwgen.ir.subpixel import with_subpixels
from hwgen.manifest import changed_files
from hwgen.network_file import load_network
from hwgen.numeric import IntArray, Range
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import TARGETS
from hwgen.report.board_results import read_boards
from hwgen.report.contents import Report, SampleAccuracy
from hwgen.report.cpp_results import read_cpp
from hwgen.report.design_folder import BuiltLayer, Design, read_design
from hwgen.report.finn_estimate import FinnUnit
from hwgen.report.float_run import read_float_run
from hwgen.report.layer_report import LayerLuts, LayerReport
from hwgen.report.results import (
    Reading,
    Synthesis,
    read_proof,
    read_simulation,
    read_syntheses,
)
from hwgen.report.simulated_maps import read_simulated_maps
from hwgen.report.weight_figures import weight_figures
from hwgen.report.widths import Widths, widths_of


def read_report(folder: Path) -> Report:
    """Gather the report of a design folder; parts that are not there yet stay empty.

    Raises
    ------
    ModelError
        Where the folder holds no design, a file is damaged, or the files do not belong together.
    """
    design = read_design(folder)
    network = load_network(folder / "network.npz")
    graph = with_subpixels(network, design.subpixel)
    layers = layers_of(graph)
    _check_match(folder, design, layers)
    word = shlex.quote(folder.resolve().name or ".")
    files = dict.fromkeys((*simulated_files(design.name), *proved_files(design.name)))
    changed = changed_files(folder, files)
    reading = Reading(folder=folder, word=word, design=design, changed=changed)
    simulated, simulation = read_simulation(reading)
    proved, proof = read_proof(reading)
    targets = tuple(dict.fromkeys((design.target, *TARGETS)))  # the design's own first
    synthesised, syntheses = read_syntheses(reading, targets)
    made, boards = read_boards(reading)
    floats, float_run = read_float_run(reading, design.metadata)
    return Report(
        folder=word,
        design=design,
        files=digests(folder, files),
        changed=changed,
        checks=(simulated, proved, *read_cpp(reading), *floats, *synthesised, *made),
        layers=tuple(
            _layer_report(graph, layer, built, syntheses)
            for layer, built in zip(layers, design.layers, strict=True)
        ),
        simulation=simulation,
        proof=proof,
        float_run=float_run,
        syntheses=syntheses,
        boards=boards,
        sample_accuracy=_sample_accuracy(graph),
        maps_simulated=None if simulation is None else read_simulated_maps(folder, graph),
    )


def _check_match(folder: Path, design: Design, layers: tuple[Layer, ...]) -> None:
    built = [(x.rows, x.columns, len(x.accumulator_bits)) for x in design.layers]
    given = [(x.rows, x.fan_in, x.rows) for x in layers]
    if built != given:
        raise ModelError(
            f"{folder}: design.json and network.npz must describe the same layers, and do not; "
            "build the design again with `hwgen build`"
        )


def _layer_report(
    graph: Graph,
    layer: Layer,
    built: BuiltLayer,
    syntheses: tuple[Synthesis, ...],
) -> LayerReport:
    found = graph.node(layer.node_name)
    source = graph.source(found).range
    is_weighted = isinstance(found, Weighted)
    node = found if isinstance(found, Weighted) else _of_ones(layer)
    widths = widths_of(node, source, layer, built.accumulator_bits)
    return LayerReport(
        built=built,
        input_type=str(source.type),
        widths=widths,
        weights=weight_figures(node, source) if is_weighted else None,
        classes=_classes(layer),
        finn=_finn_unit(found, source, graph.node(layer.tail_name), built, widths)
        if isinstance(found, Weighted) and built.style == "folded"
        else None,
        luts={s.target: luts for s in syntheses if (luts := _layer_luts(built, s)) is not None},
    )


def _classes(layer: Layer) -> int:
    """Count the sets of taps that lie inside the map at some position."""
    if layer.window is None:
        return 1
    return len(np.unique(np.stack(list(layer.window.classes())), axis=0))


def _of_ones(layer: Layer) -> Dense:
    """Give the matrix of an operation that has none in the network: it sums what it reads."""
    weight = np.ones((layer.rows, layer.fan_in), np.int64)
    accumulators = tuple(
        Accumulator.exact(total, 1, "offset")
        if total.span
        else Accumulator(method="offset", bits=1)
        for total in layer.totals
    )
    bias = np.zeros(layer.rows, np.int64)
    return Dense(
        name=layer.name,
        inputs=(),
        weight=weight,
        weight_bits=1,
        bias=bias,
        accumulators=accumulators,
    )


def _finn_unit(
    node: Weighted, source: Range, tail: Op, built: BuiltLayer, widths: Widths
) -> FinnUnit:
    inputs = source.type
    return FinnUnit(
        rows=built.rows,
        columns=built.columns,
        pe=built.pe * built.pixels,
        simd=built.simd,
        weight_bits=node.weight_bits,
        input_bits=inputs.bits,
        input_signed=inputs.signed,
        accumulator_bits=widths.finn,
        threshold_bits=tail.output.bits if isinstance(tail, Threshold) else 0,
        positions=prod(built.units[len(built.front)].image),
    )


def _layer_luts(built: BuiltLayer, synthesis: Synthesis) -> LayerLuts | None:
    """LUTs of a layer's units, or None where the synthesis did not keep them apart."""
    if any(unit not in synthesis.units for unit in built.unit_names):
        return None
    luts = [synthesis.units[unit].luts for unit in built.unit_names]
    own = len(built.front)
    whole = sum(unit.luts for unit in synthesis.units.values())
    whole += 0 if synthesis.glue is None else synthesis.glue.luts
    return LayerLuts(
        front=sum(luts[:own]),
        matrix=luts[own],
        tail=sum(luts[own + 1 :]),
        share=sum(luts) / whole if whole else 0.0,
    )


def _sample_accuracy(graph: Graph) -> SampleAccuracy | None:
    """Percent of the golden samples whose class is right: that given, or that of most value."""
    samples = graph.samples
    if samples is None or samples.labels is None or not len(samples.labels):
        return None
    found = _classes_of(graph, samples.y.reshape(len(samples.y), -1))
    if found is None:
        return None
    return SampleAccuracy(
        percent=100 * float((found == samples.labels).mean()), samples=len(samples.labels)
    )


def _classes_of(graph: Graph, y: IntArray) -> IntArray | None:
    """Give the class that each result (samples, elements) says; None where it says none."""
    if graph.result in ("class", "bits"):
        return y[:, 0] if y.shape[1] == 1 else None
    real = graph.dequantization
    if y.shape[1] < 2 or real is None:
        return None
    channels = graph.tensors[graph.output].shape[0]
    shape = (len(y), channels, y.shape[1] // channels)
    scale, offset = (np.array(numbers).reshape(-1, 1) for numbers in (real.scale, real.offset))
    values = (scale * y.reshape(shape) + offset).reshape(y.shape)
    largest: IntArray = np.argmax(values, axis=1).astype(np.int64)
    return largest
