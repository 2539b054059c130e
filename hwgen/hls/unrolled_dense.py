"""A constant matrix times a vector: the planned adder graph, a line an adder."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, check_bits, indented, limits_text, literal, type_name
from hwgen.numeric import IntType
from hwgen.plan.stages.adder_graph import Adder, AdderGraph, Operand, Output, complement_constant
from hwgen.plan.stages.stage import UnrolledDense

MOST_ADDERS = 1000  # of a function; tools are slow with more


def dense_parts(
    stage: UnrolledDense, name: str, x: Beat, y: Beat
) -> tuple[list[list[str]], list[str]]:
    """Give functions that large graphs are cut into, and the lines of the unit itself.

    `n0`, `n1`, ... are the inputs, then the adders in the plan's order. Every name has exactly the
    type of its values: no sum can overflow.
    """
    graph, first = stage.graph, len(stage.graph.inputs)
    inputs = {node: _input(stage, node, x) for node in _live_inputs(graph)}
    adders = [_adder(graph, first + k, adder) for k, adder in enumerate(graph.adders)]
    for adder in graph.adders:
        check_bits(stage.name, adder.range.type)
    outputs = [
        f"{y.lane('y', k)} = {_output(graph, output, kind)};"
        for k, (output, kind) in enumerate(zip(graph.outputs, y.lanes, strict=True))
    ]
    if len(adders) <= MOST_ADDERS:
        return [], [*inputs.values(), *adders, *outputs]
    return _cut(graph, name, x, inputs, adders, outputs)


def _live_inputs(graph: AdderGraph) -> list[int]:
    read = {o.node for adder in graph.adders for o, _ in adder.signed_operands}
    read |= {output.node for output in graph.outputs}
    return [node for node in range(len(graph.inputs)) if node in read]


def _input(stage: UnrolledDense, node: int, x: Beat) -> str:
    lane, kind = stage.inputs.lanes[node], stage.graph.inputs[node].type
    text = cast(x.lane("x", node), lane, kind)
    if stage.graph.flipped and lane.signed:
        bits = IntType(bits=lane.bits, signed=False)
        flip = literal(1 << (lane.bits - 1), bits)
        text = cast(f"{type_name(bits)}({x.lane('x', node)}) ^ {flip}", bits, kind)
    return f"const {type_name(kind)} n{node} = {text};"


def _adder(graph: AdderGraph, node: int, adder: Adder) -> str:
    kind, text = adder.range.type, ""
    for operand, sign in adder.signed_operands:
        joint = " + " if sign > 0 else " - "
        text += (joint if text else "") + _operand(graph, operand, kind)
    if adder.constant:
        text += f" + {literal(adder.constant, kind)}"
    return f"const {type_name(kind)} n{node} = {text};  {limits_text(adder.range)}"


def _operand(graph: AdderGraph, operand: Operand, wanted: IntType) -> str:
    limits = graph.stored_range(operand.node)
    text, kind = f"n{operand.node}", limits.type
    if operand.inverted:
        if not complement_constant(limits):
            return literal(0, wanted)  # of a value without bits, which is 0
        text = f"{type_name(kind)}(~{text})"
    text = cast(text, kind, wanted)
    return f"({text} << {operand.shift})" if operand.shift else text


def _output(graph: AdderGraph, output: Output, lane: IntType) -> str:
    kind = output.range.type
    if output.node < 0:
        return literal(output.constant + output.align if output.adjusted else 0, lane)
    stored = graph.stored_range(output.node).type
    text = cast(f"n{output.node}", stored, kind)
    shift = abs(output.unit).bit_length() - 1 if output.adjusted else 0
    text = f"({text} << {shift})" if shift else text
    if output.adjusts:
        constant = literal(output.constant + output.align, kind)
        text = f"{constant} {'-' if output.unit < 0 else '+'} {text}"
    if kind == lane:
        return text
    bare = not shift and not output.adjusts
    return cast(text if bare else f"{type_name(kind)}({text})", kind, lane)


def _cut(
    graph: AdderGraph,
    name: str,
    x: Beat,
    inputs: dict[int, str],
    adders: list[str],
    outputs: list[str],
) -> tuple[list[list[str]], list[str]]:
    """Cut a graph in topological order; what crosses a cut is an argument."""
    first = len(graph.inputs)
    last_read = _last_reads(graph)
    functions, body = [], []
    for part, start in enumerate(range(0, len(adders), MOST_ADDERS)):
        own = range(first + start, first + min(start + MOST_ADDERS, len(adders)))
        read = {o.node for n in own for o, _ in graph.adders[n - first].signed_operands}
        taken = sorted(n for n in read if first <= n < own.start)
        given = [n for n in own if last_read.get(n, -1) >= own.stop]
        arguments = [f"const {x.name} &x"]
        arguments += [f"const {_kind(graph, n)} &n{n}" for n in taken]
        arguments += [f"{_kind(graph, n)} &to_n{n}" for n in given]
        lines = [inputs[n] for n in sorted(read) if n < first]
        lines += [adders[n - first] for n in own]
        lines += [f"to_n{n} = n{n};" for n in given]
        function = f"{name}_part{part}"
        head = f"static void {function}({', '.join(arguments)}) {{"
        functions.append([head, "#pragma HLS INLINE off", *indented(lines), "}"])
        body += [f"{_kind(graph, n)} n{n};" for n in given]
        call = ["x", *(f"n{n}" for n in taken), *(f"n{n}" for n in given)]
        body.append(f"{function}({', '.join(call)});")
    ends = {output.node for output in graph.outputs}
    return functions, [*(inputs[n] for n in inputs if n in ends), *body, *outputs]


def _last_reads(graph: AdderGraph) -> dict[int, int]:
    """Give for each node the last that reads it; the outputs stand behind all."""
    first = len(graph.inputs)
    found: dict[int, int] = {}
    for k, adder in enumerate(graph.adders):
        found |= {o.node: first + k for o, _ in adder.signed_operands}
    end = first + len(graph.adders)
    return found | {output.node: end for output in graph.outputs}


def _kind(graph: AdderGraph, node: int) -> str:
    return type_name(graph.stored_range(node).type)
