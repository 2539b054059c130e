"""Proves a design folder layer by layer, and writes proof.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwgen.digests import digests, proved_files
from hwgen.errors import ModelError, ToolError
from hwgen.files import check_file, write_beside
from hwgen.ir import Argmax, Flatten, PixelShuffle, Threshold
from hwgen.numeric import IntType, Range
from hwgen.prove.branches import Branches
from hwgen.prove.certificate.certificate import Certificate, LayerProof
from hwgen.prove.certificate.folded import FoldedLayer
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.chain import Chain, design_input
from hwgen.prove.layers import Layer, chain_of
from hwgen.prove.maps.chain import COMPUTING, MOVING, prove_maps
from hwgen.prove.maps.size import MOST_PRODUCTS, frame_products
from hwgen.prove.maps.stream import entering
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.primitives import prove_primitives
from hwgen.prove.netlist.read import DesignFolder, read_folder, read_netlist
from hwgen.prove.netlist.wiring import prove_wiring
from hwgen.prove.queues import prove_queues, with_timing
from hwgen.prove.units.argmax import ArgmaxProof, prove_argmax
from hwgen.prove.units.dense import prove_dense, prove_sums
from hwgen.prove.units.flow import prove_flow
from hwgen.prove.units.staircase import ThresholdProof, prove_threshold
from hwgen.prove.views import is_map

Progress = Callable[[str], None]
BY_POSITION = {*MOVING, *COMPUTING, "OutputBuffer"}  # kinds of units on maps that are not folded


def prove(folder: Path, progress: Progress = lambda _: None) -> Certificate:
    """Prove that a design's Verilog computes its network, and write proof.json.

    Raises
    ------
    ModelError
        Where the folder holds no design that can be proved.
    ToolError
        Where Yosys refuses the Verilog, files change meanwhile, or the folder cannot be written.
    """
    design = read_folder(folder)
    check_file(folder / "proof.json")
    _check_units(folder, design)
    made_from = digests(folder, proved_files(design.top))
    progress("read the Verilog")
    netlist, tool = read_netlist(folder, design)
    certificate = prove_netlist(design, netlist, tool, progress)
    if certificate.proved:
        progress("primitives of adders")
        try:
            kinds = prove_primitives(folder / f"{design.top}.v", design.top)
            certificate = replace(certificate, primitives=kinds)
        except NotProvedError as error:
            certificate = replace(certificate, problem=str(error))
    if digests(folder, made_from) != made_from:
        raise ToolError(f"{folder}: must not change while it is proved; prove it again")
    certificate = replace(certificate, made_from=made_from)
    with write_beside(folder / "proof.json") as partial:
        partial.write_text(json.dumps(certificate.to_json()) + "\n")
    return certificate


def _check_units(folder: Path, design: DesignFolder) -> None:
    """Refuse a network or a number of units that no proof is possible for."""
    if is_map(design.graph) or not design.is_chain:
        products = 0 if set(design.kinds) <= BY_POSITION else frame_products(design)
        if products > MOST_PRODUCTS:
            raise ModelError(
                f"{folder}: a proof of folded layers on maps must have at most {MOST_PRODUCTS:,} "
                f"products a frame, not {products:,}; use `hwgen sim`"
            )
        return
    stages = sum(1 if layer.tail is None else 2 for layer in chain_of(design.graph))
    if not design.folded and stages not in (len(design.units), len(design.units) - 1):
        raise ModelError(
            f"{folder}: must have a unit for each of the network's {stages} stages, not "
            f"{len(design.units)}; build the design again"
        )


def prove_netlist(
    design: DesignFolder, netlist: Mapping[str, Any], tool: str, progress: Progress
) -> Certificate:
    """Prove a design whose modules are given as Yosys' JSON."""
    proofs: list[LayerProof] = []
    folded: list[FoldedLayer] = []
    maps: list[MapUnit] = []
    problem = queues = None
    try:
        _check_described(design)
        modules = {name: Module(name, document) for name, document in netlist.items()}
        prove_wiring(modules[design.top], design.units, design.wiring, design.output_beats)
        queues = prove_queues(design, netlist, modules)
        if not design.is_chain:
            branches = Branches(design, netlist, modules, progress)
            folded, maps = branches.layers, branches.maps
            branches.prove()
            queues = with_timing(queues, design, branches.runs)
            prove_flow(design, modules, branches.flows)
        elif _is_by_position(design):
            stream = entering(design.graph)
            maps += prove_maps(design, netlist, modules, stream, progress)
            prove_flow(design, modules, stream.flows)
        elif design.folded or is_map(design.graph):
            start, nodes = design_input(design), list(design.graph.nodes)
            chain = Chain(design, netlist, modules, progress, start, nodes)
            folded, maps = chain.layers, chain.maps
            chain.prove()
            queues = with_timing(queues, design, chain.runs)
            prove_flow(design, modules, chain.flows)
        else:
            _prove_layers(design, chain_of(design.graph), modules, proofs, progress)
            prove_flow(design, modules, _flows(design, proofs))
    except NotProvedError as error:
        problem = str(error)
    units = [unit for proof in proofs for unit in (proof.dense, proof.tail) if unit is not None]
    latency = sum(unit.latency for unit in units)
    return Certificate(
        name=design.top,
        tool=tool,
        layers=tuple(proofs),
        folded=tuple(folded),
        maps=tuple(maps),
        on_maps=_is_by_position(design),
        branches=not design.is_chain,
        queues=queues,
        latency=None if design.folded or is_map(design.graph) else latency,
        problem=problem,
    )


def _check_described(design: DesignFolder) -> None:
    """Check what design.json tells drivers: that a map travels pixel by pixel, a vector does not.

    Raises
    ------
    NotProvedError
        Where it tells another order of elements than the one that is proved.
    """
    graph = design.graph
    last = graph.node(graph.output)
    shape = (graph.source(last) if isinstance(last, Flatten) else graph.tensors[last.name]).shape
    leaves = (shape[1], shape[2]) if len(shape) == 3 else (1, 1)
    for port, told, proved in (
        ("s_axis.image", design.input_image, entering(graph).image),
        ("s_axis.type", design.input, graph.input.type),
        ("m_axis.image", design.output_image, leaves),
    ):
        if told != proved:
            raise NotProvedError(f"design.json: ports.{port} must be {proved}, not {told}")


def _is_by_position(design: DesignFolder) -> bool:
    """Whether all units work on maps, position by position."""
    by_frame = any(isinstance(node, PixelShuffle) for node in design.graph.nodes)
    return is_map(design.graph) and set(design.kinds) <= BY_POSITION and not by_frame


def _prove_layers(
    design: DesignFolder,
    layers: list[Layer],
    modules: Mapping[str, Module],
    proofs: list[LayerProof],
    progress: Progress,
) -> None:
    """Show each layer over the ranges that the layers before it can reach."""
    names = iter(design.units)
    kind = design.graph.input.type
    inputs: tuple[Range, ...] = (kind.range,) * layers[0].dense.weight.shape[1]
    widths = [kind.bits] * len(inputs)
    for layer in layers:
        module = modules[next(names)]
        progress(module.name)
        dense = prove_dense(module, layer.dense, cut(module, widths), inputs)
        tail: ThresholdProof | ArgmaxProof | None = None
        reached = inputs
        lanes: tuple[Word, ...] = tuple(lane.nets for lane in dense.lanes)
        if layer.tail is None:
            prove_sums(module, dense, design.output)
        else:
            module = modules[next(names)]
            progress(module.name)
            input_lanes = cut(module, [len(lane) for lane in lanes])
            match layer.tail:
                case Threshold():
                    tail = prove_threshold(module, layer.tail, dense.lanes, input_lanes)
                    inputs = tail.codes
                case Argmax():
                    tail = prove_argmax(module, dense.lanes, input_lanes, layer.tail)
            lanes = tail.lanes
        widths = [len(lane) for lane in lanes]
        proofs.append(LayerProof(layer=layer, inputs=reached, dense=dense, tail=tail))
    last = proofs[-1].tail
    if isinstance(last, ThresholdProof):
        _check_output(module, design.output, widths, last.codes)
    elif isinstance(last, ArgmaxProof):
        node, rows = proofs[-1].layer.tail, len(proofs[-1].dense.lanes)
        assert isinstance(node, Argmax)
        _check_output(module, design.output, widths, (node.given(rows),))


def _flows(design: DesignFolder, proofs: list[LayerProof]) -> list[tuple[str, Flow]]:
    units = [unit for proof in proofs for unit in (proof.dense, proof.tail) if unit is not None]
    return [(name, unit.flow) for name, unit in zip(design.units, units, strict=False)]


def cut(module: Module, widths: list[int]) -> list[Word]:
    """Cut the payload that a unit reads into the lanes of the unit before it.

    Raises
    ------
    NotProvedError
        Where the two have not as many bits.
    """
    payload = module.port("i__payload")
    if len(payload) != sum(widths):
        raise module.problem(
            payload[0], f"i__payload must have {sum(widths)} bits, not {len(payload)}"
        )
    lanes, start = [], 0
    for width in widths:
        lanes.append(payload[start : start + width])
        start += width
    return lanes


def _check_output(
    module: Module, kind: IntType, widths: list[int], ranges: tuple[Range, ...]
) -> None:
    """Show that the last unit's lanes are of the type that design.json promises."""
    for index, (width, limits) in enumerate(zip(widths, ranges, strict=True)):
        if width != kind.bits or limits.lo < kind.lo or limits.hi > kind.hi:
            raise NotProvedError(
                f"{module.name}, lane {index}: must be {kind} and hold [{limits.lo}, {limits.hi}], "
                f"and has {width} bits"
            )
