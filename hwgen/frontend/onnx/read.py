"""Reads an ONNX file as an integer network: one walk over its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.model_options import ModelOptions
from hwgen.frontend.onnx.file.known import check_operator
from hwgen.frontend.onnx.file.load import File, Node, load_file, shown
from hwgen.frontend.onnx.folding.constants import Constant
from hwgen.frontend.onnx.folding.fold import UNCOMPUTABLE, fold
from hwgen.frontend.onnx.folding.quantizers import dequantized, quantized, uniform
from hwgen.frontend.onnx.leaving.ending import arranged, dequantization, label, the_output
from hwgen.frontend.onnx.leaving.notes import notes
from hwgen.frontend.onnx.leaving.scores import Result
from hwgen.frontend.onnx.nodes import read_node
from hwgen.frontend.onnx.quantizing.beginning import start
from hwgen.frontend.onnx.rewriting.rewrites import simplified
from hwgen.frontend.onnx.tensors.layouts import SettleError
from hwgen.frontend.onnx.tensors.value import Channels, Value
from hwgen.frontend.onnx.tensors.walk import Begin, Quantized, Walk
from hwgen.ir import Argmax, Dequantization, Graph, Input, Op
from hwgen.numeric import IntArray, IntType

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """A file that was read.

    Attributes
    ----------
    begin
        How the host makes the integers of the stream.
    order
        The place in the file's input of each element of the stream.
    output
        What the network's output is; `output.where` is the place in it of each of the file's.
    then
        Functions that the file has behind the output and the host applies.
    dropped
        Operators that do not change which score is largest, and were left out.
    quantizers
        Where the codes of the file's quantizers are, in a network that keeps all.
    read_as
        What the integers that a node reads stand for.
    """

    graph: Graph
    file: File
    begin: Begin
    order: IntArray
    output: Value
    then: tuple[str, ...]
    dropped: tuple[str, ...]
    quantizers: tuple[Quantized, ...]
    read_as: Mapping[str, Channels]


def read_onnx(path: Path, inputs: IntType | None, options: ModelOptions) -> Graph:
    """Read an ONNX file as an integer network.

    Raises
    ------
    ModelError
        Where the file is damaged, or has no exact integer meaning: a line for every problem.
    """
    return imported(path, inputs, options).graph


def imported(
    path: Path, inputs: IntType | None, options: ModelOptions, keep_all: bool = False
) -> Imported:
    """Read an ONNX file with what is known of its ends and its quantizers.

    Parameters
    ----------
    inputs
        The integers that the stream carries; None: those of the file's first quantizer.
    keep_all
        Leave every quantizer of the file a node of its own.

    Raises
    ------
    ModelError
        As `read_onnx`.
    """
    if options.input_scale is not None and inputs is None:
        raise ModelError(
            f"{path.name}: --input-scale must stand beside --input; add such as --input u8"
        )
    file = load_file(path)
    try:
        return _walked(file, inputs, options, keep_all, None)
    except SettleError as settle:
        return _walked(file, inputs, options, keep_all, settle.places)


def _walked(
    file: File,
    inputs: IntType | None,
    options: ModelOptions,
    keep_all: bool,
    places: IntArray | None,
) -> Imported:
    walk = Walk(file=file)
    walk.values.update({name: Constant(array) for name, array in file.constants.items()})
    start(walk, inputs, options.input_scale, places)
    order = np.empty(0, np.int64)
    first = walk.values[file.inputs[0].name]
    assert isinstance(first, Value)
    order = np.argsort(first.where.ravel())
    for node in file.nodes:
        for name in filter(None, node.inputs):
            walk.readers.setdefault(name, []).append(node.op)
    for name in file.outputs:
        walk.readers.setdefault(name, []).append("")
    with np.errstate(all="ignore"):  # what is no finite number is refused where it is used
        _read_all(walk)
    return _ended(walk, options, keep_all, order)


def _read_all(walk: Walk) -> None:
    """Read every node, and tell all problems at once."""
    problems = []
    left = {name: len(readers) for name, readers in walk.readers.items()}
    for node in walk.file.nodes:
        walk.current = node
        try:
            _read_one(walk, node)
        except ModelError as error:
            problems.append(f"{walk.file.name}: {shown(node.name)}: {error}")
            walk.values.update(dict.fromkeys(node.outputs))
        for name in filter(None, node.inputs):
            left[name] -= 1
            if not left[name] and name in walk.values:
                del walk.values[name]  # nothing reads it any more
    if problems:
        raise ModelError.collect(problems[:MOST_PROBLEMS])


def _read_one(walk: Walk, node: Node) -> None:
    check_operator(node)
    operands: list[Constant | Value | None] = []
    for name in node.inputs:
        value = walk.values[name] if name else None
        if name and value is None:
            walk.values.update(dict.fromkeys(node.outputs))
            return  # a node before could not be read, and was told
        operands.append(value)
    if not any(isinstance(operand, Value) for operand in operands):
        folded = _folded(walk, node, [o if isinstance(o, Constant) else None for o in operands])
        results: Result = folded
    else:
        shared = [
            _shared(walk, name, operand)
            for name, operand in zip(node.inputs, operands, strict=True)
        ]
        try:
            results = read_node(walk, node, shared)
        except UNCOMPUTABLE:  # of NumPy: what no check before saw of a damaged file
            raise ModelError(
                "inputs must have sizes and values that suit the operator, and have not; "
                "export the model again"
            ) from None
    given = results if isinstance(results, tuple) else (results,)
    for name, result in zip(node.outputs, given, strict=False):
        walk.values[name] = result
    for name in node.outputs[len(given) :]:
        walk.values[name] = None


def _shared(walk: Walk, name: str, operand: Constant | Value | None) -> Constant | Value | None:
    if isinstance(operand, Value) and len(walk.readers[name]) > 1:
        return replace(operand, shared=True)
    return operand


def _folded(walk: Walk, node: Node, inputs: list[Constant | None]) -> Constant:
    """Compute a node of constants; weights become codes and a scale."""
    first = inputs[0] if inputs else None
    if first is not None:
        match node.op:
            case "Quant" | "IntQuant" | "BipolarQuant" | "QuantizeLinear":
                spec = uniform(node, inputs, first.array.ndim)
                return quantized(spec, first.array)
            case "DequantizeLinear":
                return dequantized(node, inputs)
            case _:
                pass
    found = fold(node, inputs, walk.file.opset)
    if found is None:
        raise ModelError(
            f"operator {shown(node.op)} of constants must be a known one; fold it before export"
        )
    return found


def _ended(walk: Walk, options: ModelOptions, keep_all: bool, order: IntArray) -> Imported:
    walk.current = Node(name="label", op="label", domain="", inputs=(), outputs=(), attributes={})
    value = the_output(walk)
    try:
        value = _leaving(walk, value, options)
        is_label = isinstance(walk.nodes[value.node or ""], Argmax)
        meaning, then = (None, []) if is_label else dequantization(value)
    except ModelError as error:
        name = shown(walk.file.outputs[0])
        raise ModelError(f"{walk.file.name}: output {name}: {error}") from None
    nodes = simplified(walk, value.node or "", keep_all, options.accumulator_target)
    return _graph(walk, nodes, order, value, meaning, then)


def _leaving(walk: Walk, value: Value, options: ModelOptions) -> Value:
    """Give what leaves the network: the output's elements, or their label."""
    if not isinstance(walk.nodes[value.node or ""], Argmax) and (options.label or walk.soft):
        found = label(walk, value)
        if found is None and options.label:
            raise ModelError(
                "scores must have one scale for --label; leave it out, and compare them in software"
            )
        if found is None:
            walk.dropped.append("label: scores have unlike scales, so that the sums leave")
        value = value if found is None else found
    return arranged(walk, value)


def _graph(
    walk: Walk,
    simple: tuple[tuple[Op, ...], str, dict[str, list[str]]],
    order: IntArray,
    value: Value,
    meaning: Dequantization | None,
    then: list[str],
) -> Imported:
    begin = walk.begin
    assert begin is not None
    assert value.node is not None
    nodes, output, trails = simple
    means = begin.means[0]
    shape = walk.tensors["input"].shape
    graph = Graph(
        name=walk.file.stem,
        input=Input(
            shape=shape, type=begin.type, scale=float(means.scale), offset=float(means.offset)
        ),
        nodes=nodes,
        output=output,
        metadata={"onnx": notes(walk, trails, order, value, then)},
        dequantization=meaning,
    )
    return Imported(
        graph=graph,
        file=walk.file,
        begin=begin,
        order=order,
        output=value,
        then=tuple(then),
        dropped=tuple(walk.dropped),
        quantizers=tuple(walk.quantizers),
        read_as=walk.read_as,
    )
