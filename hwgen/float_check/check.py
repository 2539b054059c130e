"""Runs a file in floats and its integer network on the same inputs; compares every quantizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.errors import ModelError
from hwgen.float_check.differences import Compared, compared
from hwgen.float_check.inputs import given_to
from hwgen.float_check.runtime import float_run
from hwgen.frontend.model_options import ModelOptions
from hwgen.frontend.onnx.host import real_values, stream_integers
from hwgen.frontend.onnx.read import Imported, imported
from hwgen.frontend.onnx.tensors.walk import Quantized
from hwgen.numeric import IntArray, IntType
from hwgen.reference import evaluate, run

TOLERANCE = 1e-4  # of the largest output: equal up to float32


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The networks from end to end: shares of equal outputs and labels, and of right labels."""

    identical: float
    same_label: float | None
    accuracy_float: float | None
    accuracy_integer: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check: every quantizer by itself, and the outputs.

    `samples` are the first of `samples_in_data`, or random ones where that is None.
    """

    file: str
    samples: int
    samples_in_data: int | None
    quantizers: tuple[Compared, ...]
    outputs: Outputs

    @property
    def passed(self) -> bool:
        """Whether every difference has an explanation."""
        return not any(quantizer.unexplained for quantizer in self.quantizers)

    def to_json(self) -> dict[str, Any]:
        """Give the figures as plain data."""
        return {
            "file": self.file,
            "samples": self.samples,
            "samples_in_data": self.samples_in_data,
            "passed": self.passed,
            "quantizers": [
                {
                    "tensor": one.tensor,
                    "elements": one.elements,
                    "differing": one.differing,
                    "ties": one.ties,
                    "near_ties": one.near_ties,
                    "unexplained": one.unexplained,
                }
                for one in self.quantizers
            ],
            "outputs": {
                "identical": self.outputs.identical,
                "same_label": self.outputs.same_label,
                "accuracy_float": self.outputs.accuracy_float,
                "accuracy_integer": self.outputs.accuracy_integer,
            },
        }


def check_file(
    path: Path,
    inputs: IntType | None,
    options: ModelOptions,
    samples: int = 16,
    data: Path | None = None,
    labels: Path | None = None,
) -> Check:
    """Compare a file's float run with its integer network.

    Parameters
    ----------
    samples
        How many inputs, at random from the codes of the input or the first of `data`.
    data, labels
        .npy files: inputs of the file, and the class of each.

    Raises
    ------
    ModelError
        Where the file or the data cannot be read.
    ToolError
        Where onnxruntime is missing or does not run the file.
    """
    found = imported(path, inputs, options, keep_all=True)
    given = given_to(found, samples, data, labels)
    x = given.x
    tensors = {one.tensor: one.where.ndim for one in found.quantizers}
    theirs = float_run(path, found.file, x, tensors)
    integers = stream_integers(found, x)
    rows = _by_quantizer(found, integers, theirs)
    values = run(found.graph, integers)
    ends = theirs[found.file.outputs[0]].astype(np.float64)
    return Check(
        file=path.name,
        samples=len(x),
        quantizers=tuple(rows),
        samples_in_data=given.of,
        outputs=_outputs(found, values[found.graph.output], ends, given.labels),
    )


def _by_quantizer(
    found: Imported, integers: IntArray, theirs: dict[str, np.ndarray]
) -> list[Compared]:
    """Compare node by node; what reads a quantizer is given the float run's codes."""
    graph, rows = found.graph, []
    places: dict[str, list[Quantized]] = {}
    for quantizer in found.quantizers:
        places.setdefault(quantizer.node, []).append(quantizer)
    values = {"input": integers}
    for name in ("input", *(node.name for node in graph.nodes)):
        if name != "input":
            node = graph.node(name)
            first, *others = (values[source] for source in node.inputs)
            values[name] = evaluate(node, first, graph.source(node).range, *others)
        for quantizer in places.get(name, ()):
            codes = _codes(quantizer, values[name], theirs[quantizer.tensor])
            rows.append(compared(graph, quantizer, values, codes, found.read_as))
            values[name] = codes
    return rows


def _codes(quantizer: Quantized, mine: IntArray, theirs: np.ndarray) -> IntArray:
    """Give the codes of the float run, as its values say them."""
    samples = len(mine)
    picked = theirs.reshape(samples, -1)[:, : quantizer.where.size].astype(np.float64)
    places, value = quantizer.where.ravel(), quantizer.value
    channels = places // value.plane if len(value.channels) > 1 else np.zeros(len(places), int)
    scale = np.array([float(channel.scale) for channel in value.channels])[channels]
    offset = np.array([float(channel.offset) for channel in value.channels])[channels]
    codes = mine.reshape(samples, -1).copy()
    codes[:, places] = np.rint((picked - offset) / scale).astype(np.int64)
    return codes.reshape(mine.shape)


def _outputs(
    found: Imported, integers: IntArray, theirs: np.ndarray, classes: IntArray | None
) -> Outputs:
    samples = len(integers)
    flat = theirs.reshape(samples, -1)
    if found.graph.result == "class":
        own = integers.reshape(samples)
        labels = flat.argmax(axis=1) if flat.shape[1] > 1 else flat[:, 0].astype(np.int64)
        same = float((own == labels).mean())
        return Outputs(
            identical=same,
            same_label=same,
            accuracy_float=_accuracy(labels, classes),
            accuracy_integer=_accuracy(own, classes),
        )
    values = real_values(found.output, integers).reshape(samples, -1)
    if values.shape != flat.shape:
        raise ModelError(
            f"{found.file.name}: outputs must have {values.shape[1]} elements, not {flat.shape[1]}"
        )
    near = TOLERANCE * max(float(np.abs(values).max()), 1e-30)
    labels, own = flat.argmax(axis=1), values.argmax(axis=1)
    same = float((own == labels).mean())
    scores_only = bool(found.dropped)  # a softmax, which moves every value and no label
    return Outputs(
        identical=same if scores_only else float((np.abs(values - flat) <= near).mean()),
        same_label=same,
        accuracy_float=_accuracy(labels, classes),
        accuracy_integer=_accuracy(own, classes),
    )


def _accuracy(labels: np.ndarray, classes: IntArray | None) -> float | None:
    return None if classes is None else float((labels == classes).mean())
