"""Reads an ONNX file as plain nodes and arrays, trusting nothing in it."""

from __future__ import annotations

import heapq
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, TensorProto, numpy_helper

from hwgen.errors import ModelError
from hwgen.frontend.plain_data import is_unicode
from hwgen.json_file import open_regular

MOST_BYTES = 1 << 30  # of a file, and of the data beside it
MOST_ELEMENTS = 1 << 26  # of all constants together
MOST_NODES = 10_000
MOST_NAMED = 60  # characters of a name in a message

Attribute = int | float | str | list[int] | list[float] | list[str] | np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One operator of the file: `op` without its domain, attributes as plain values."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input of the file: its name, its sizes (None where they are symbols), its type."""

    name: str
    shape: tuple[int | None, ...] | None
    dtype: np.dtype | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class File:
    """A file that was read: its nodes in topological order.

    `opset` is the version of the standard operators, `types` the data types that FINN annotates.
    """

    name: str
    stem: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]
    opset: int
    types: Mapping[str, str]


def load_file(path: Path) -> File:
    """Read a file.

    Raises
    ------
    ModelError
        Where it is no ONNX file, is damaged, has a cycle, or needs what is not in its folder.
    """
    model = _parse(path)
    graph = model.graph
    if not graph.node or not graph.output:
        raise ModelError(f"{path.name}: must be an ONNX model with nodes and an output; export it")
    if len(graph.node) > MOST_NODES:
        raise ModelError(f"{path.name}: must have at most {MOST_NODES} nodes; cut the model")
    constants = _constants(path, graph)
    nodes = [_node(path, index, proto) for index, proto in enumerate(graph.node)]
    standard = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    return File(
        name=path.name,
        stem=path.stem,
        nodes=_in_order(path, nodes, {*constants, *(port.name for port in graph.input)}),
        constants=constants,
        inputs=tuple(_port(path, port) for port in graph.input if port.name not in constants),
        outputs=tuple(_text(path, port.name) for port in graph.output),
        opset=max(standard, default=1),
        types=_annotated(graph),
    )


def shown(name: str) -> str:
    """Give a name of the file as a message can print it."""
    text = "".join(sign if sign.isprintable() else "?" for sign in name)
    return text if len(text) <= MOST_NAMED else f"{text[: MOST_NAMED - 3]}..."


def _parse(path: Path) -> onnx.ModelProto:
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise ModelError(f"{path.name}: must be at most 1 GiB; build a smaller network")
            content = file.read()
    except OSError as error:
        raise ModelError(
            f"{path}: must be a file that can be read ({error.strerror or error}); name another"
        ) from None
    try:
        return onnx.load_model_from_string(content)
    except (DecodeError, ValueError, TypeError, RecursionError):
        raise ModelError(
            f"{path.name}: must be an ONNX model, and cannot be read as one; export it again"
        ) from None


def _constants(path: Path, graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    if graph.sparse_initializer:
        raise ModelError(f"{path.name}: tensors must be dense, not sparse; export them so")
    found: dict[str, np.ndarray] = {}
    room = MOST_ELEMENTS
    for tensor in graph.initializer:
        name = _text(path, tensor.name)
        found[name] = read_tensor(path, tensor, room)
        room -= found[name].size
    return found


def read_tensor(path: Path, tensor: TensorProto, room: int = MOST_ELEMENTS) -> np.ndarray:
    """Give a stored tensor as an array, of 4-bit integers as int8.

    Raises
    ------
    ModelError
        Where its data are not there, too many or of a kind that holds no numbers.
    """
    where = f"{path.name}: tensor {shown(_text(path, tensor.name))}"
    size = 1
    for dim in tensor.dims:
        size *= dim
        if dim < 0 or size > room:
            raise ModelError(f"{where}: must have at most {room} elements; build a smaller network")
    known = TensorProto.DataType.values()
    if tensor.data_type not in known or tensor.data_type in (
        *(TensorProto.UNDEFINED, TensorProto.STRING),
        *(TensorProto.COMPLEX64, TensorProto.COMPLEX128),
    ):
        raise ModelError(f"{where}: must hold real numbers; export the model again")
    if tensor.data_location == TensorProto.EXTERNAL:
        tensor = _with_external(path, tensor, where)
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise ModelError(
            f"{where}: must have data for its shape {tuple(tensor.dims)}, and has not; "
            "the file is damaged: export it again"
        ) from None
    kind = TensorProto.DataType.Name(tensor.data_type)
    if kind in ("INT4", "UINT4", "INT2", "UINT2"):
        return array.astype(np.int8)
    if array.dtype.kind not in "fiub":
        if kind == "BFLOAT16":
            return array.astype(np.float32)
        raise ModelError(f"{where}: must be integers or floats, not {kind}; minifloat is refused")
    return array


def _with_external(path: Path, tensor: TensorProto, where: str) -> TensorProto:
    """Give the tensor with its data, which lie in a file beside the model."""
    entries = {_text(path, entry.key): _text(path, entry.value) for entry in tensor.external_data}
    folder = path.parent.resolve()
    location = entries.get("location", "")
    target = (folder / location).resolve() if "\0" not in location else folder
    if not location or not target.is_relative_to(folder) or target == folder:
        raise ModelError(
            f"{where}: data must lie in the folder of the model, not at {shown(location)!r}; "
            "save the model as one file"
        )
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", "-1"))
        with open_regular(target) as file:
            size = os.fstat(file.fileno()).st_size
            length = size - offset if length < 0 else length
            if not 0 <= offset <= offset + length <= min(size, MOST_BYTES):
                raise ValueError
            file.seek(offset)
            content = file.read(length)
    except (OSError, ValueError):
        raise ModelError(
            f"{where}: data must be in {shown(location)}, and are not; save the model as one file"
        ) from None
    whole = TensorProto()
    whole.CopyFrom(tensor)
    del whole.external_data[:]
    whole.data_location = TensorProto.DEFAULT
    whole.raw_data = content
    return whole


def _node(path: Path, index: int, proto: onnx.NodeProto) -> Node:
    inputs, outputs = (
        tuple(_text(path, name) for name in names) for names in (proto.input, proto.output)
    )
    op = _text(path, proto.op_type)
    name = _text(path, proto.name) or (outputs[0] if outputs else "") or f"{op}_{index}"
    where = f"{path.name}: {shown(name)}"
    attributes = {_text(path, item.name): _attribute(path, where, item) for item in proto.attribute}
    return Node(
        name=name,
        op=op,
        domain=_text(path, proto.domain),
        inputs=inputs,
        outputs=outputs,
        attributes=attributes,
    )


def _text(path: Path, name: str | bytes) -> str:
    """Give a name; protobuf hands out bytes where it is no text."""
    if isinstance(name, bytes) or not is_unicode(name):
        raise ModelError(f"{path.name}: names must be text in Unicode; export the model again")
    return name


def _attribute(path: Path, where: str, item: AttributeProto) -> Attribute:
    match item.type:
        case AttributeProto.INT:
            return int(item.i)
        case AttributeProto.FLOAT:
            return float(item.f)
        case AttributeProto.STRING:
            return item.s.decode(errors="replace")
        case AttributeProto.INTS:
            return [int(value) for value in item.ints]
        case AttributeProto.FLOATS:
            return [float(value) for value in item.floats]
        case AttributeProto.STRINGS:
            return [value.decode(errors="replace") for value in item.strings]
        case AttributeProto.TENSOR:
            return read_tensor(path, item.t)
        case _:
            raise ModelError(
                f"{where}: attribute {shown(item.name)} must be numbers, text or a tensor "
                "(no control flow); export the model without it"
            )


def _port(path: Path, port: onnx.ValueInfoProto) -> Port:
    kind = port.type.tensor_type
    shape = None
    if kind.HasField("shape"):
        shape = tuple(
            dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim
        )
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    except (KeyError, ValueError):
        dtype = None
    return Port(name=_text(path, port.name), shape=shape, dtype=dtype)


def _annotated(graph: onnx.GraphProto) -> dict[str, str]:
    return {
        annotation.tensor_name: entry.value
        for annotation in graph.quantization_annotation
        for entry in annotation.quant_parameter_tensor_names
        if entry.key == "finn_datatype"
    }


def _in_order(path: Path, nodes: list[Node], known: set[str]) -> tuple[Node, ...]:
    """Give the nodes in topological order, those of the file where it has one."""
    makers: dict[str, int] = {}
    for index, node in enumerate(nodes):
        for output in filter(None, node.outputs):
            if output in makers or output in known:
                raise ModelError(
                    f"{path.name}: {shown(node.name)}: tensor {shown(output)} must be made once; "
                    "export the model again"
                )
            makers[output] = index
    for node in nodes:
        for source in node.inputs:
            if source and source not in makers and source not in known:
                raise ModelError(
                    f"{path.name}: {shown(node.name)}: tensor {shown(source)} must be in the "
                    "file, and is missing; export the model again"
                )
    return _sorted(path, nodes, makers)


def _sorted(path: Path, nodes: list[Node], makers: Mapping[str, int]) -> tuple[Node, ...]:
    """Sort so that each node stands behind what it reads, else as in the file."""
    sources = [{makers[name] for name in node.inputs if name in makers} for node in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for index, made in enumerate(sources):
        for source in made:
            readers[source].append(index)
    counts = [len(made) for made in sources]
    ready = [index for index, count in enumerate(counts) if not count]  # a heap: it is sorted
    order = []
    while ready:
        index = heapq.heappop(ready)
        order.append(nodes[index])
        for reader in readers[index]:
            counts[reader] -= 1
            if not counts[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(nodes):
        node = next(node for node, count in zip(nodes, counts, strict=True) if count)
        raise ModelError(
            f"{path.name}: {shown(node.name)}: the graph must have no cycle, and this node "
            "waits for itself; export the model again"
        )
    return tuple(order)
