"""Reading and writing the plain-data form; every key missing, mistyped or out of range."""

import copy

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.frontend.document import from_document, to_document
from hwgen.ir import Argmax, Dense, Dequantization, Flatten, Threshold

WHERE = "net.pt"
DENSE, RELU = 1, 2


def document():
    """A network with every operation, as a file holds it."""
    return {
        "format": "hwgen",
        "version": 1,
        "name": "net",
        "metadata": {"recipe": "none", "accuracy_integer": 0.5},
        "input": {"shape": [3, 1], "bits": 4, "signed": False, "scale": 0.25},
        "nodes": [
            {"op": "flatten", "name": "flat", "inputs": ["input"]},
            {
                "op": "dense",
                "name": "fc1",
                "inputs": ["flat"],
                "weight": np.array([[3, -2, 1], [4, 0, -8]], np.int8),
                "weight_bits": 4,
                "bias": np.array([5, 4], np.int8),
                "accumulator": [
                    {"method": "signed", "target_bits": 8, "bits": 8, "offset": 0},
                    {"method": "offset", "target_bits": None, "bits": 6, "offset": -3},
                ],
            },
            {
                "op": "threshold",
                "name": "relu1",
                "inputs": ["fc1"],
                "thresholds": np.array([[0, 20, 40], [-100, -50, 0]], np.int16),
                "bits": 2,
                "signed": False,
            },
            {"op": "argmax", "name": "best", "inputs": ["relu1"]},
        ],
        "outputs": ["best"],
        "samples": {
            "x": np.array([[[1], [2], [3]], [[0], [0], [0]]]),
            "y": np.array([[1], [1]]),
            "labels": np.array([1, 0]),
        },
    }


def refusal(changed):
    with pytest.raises(ModelError) as caught:
        from_document(changed, WHERE)
    return str(caught.value)


def at(changed, path):
    """The container and the last key of a path such as ("nodes", 1, "weight")."""
    for key in path[:-1]:
        changed = changed[key]
    return changed, path[-1]


def test_reading():
    graph = from_document(document(), WHERE)
    flat, dense, relu, best = graph.nodes
    assert isinstance(flat, Flatten)
    assert isinstance(dense, Dense)
    assert isinstance(relu, Threshold)
    assert isinstance(best, Argmax)
    assert dense.weight.dtype == dense.bias.dtype == relu.thresholds.dtype == np.int64
    assert str(relu.output) == "u2"
    assert graph.input.shape == (3, 1)
    assert graph.input.scale == 0.25
    assert graph.metadata["recipe"] == "none"
    assert graph.samples.labels.tolist() == [1, 0]
    assert graph.output == "best"


def same(one, other):
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    return type(one) is type(other) and one == other


def test_writing_is_the_inverse_of_reading():
    assert same(to_document(from_document(document(), WHERE)), document())


def with_numbers():
    """A network that ends in codes, with what input and output stand for."""
    changed = document()
    changed["input"]["offset"] = -1.5
    del changed["nodes"][-1]
    changed |= {"outputs": ["relu1"], "samples": None}
    changed["dequantization"] = {"scale": [0.1, 0.3], "offset": [0.7]}
    return changed


def test_scales_and_offsets_are_kept_to_the_last_bit():
    graph = from_document(with_numbers(), WHERE)
    assert graph.input.offset == -1.5
    assert graph.dequantization == Dequantization(scale=(0.1, 0.3), offset=(0.7,))
    assert same(to_document(graph), with_numbers())
    assert from_document(document(), WHERE).dequantization is None


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("input", "offset"), "1", ": input: offset must be a number, not str"),
        (("dequantization",), [1.0], ": dequantization must be a dict, not list"),
        (("dequantization", "scale"), 0.5, ": dequantization: scale must be a list of numbers"),
        (("dequantization", "offset"), [True], ": dequantization: offset must be a list of n"),
        (("dequantization", "offset"), [1 << 70], ": dequantization: offset must fit 64 bits"),
    ],
)
def test_scales_and_offsets_that_are_none(path, value, expected):
    changed = with_numbers()
    container, key = at(changed, path)
    container[key] = value
    assert refusal(changed).startswith(f"net.pt{expected}")


def test_a_dequantization_of_another_type():
    graph = from_document(with_numbers(), WHERE)
    object.__setattr__(graph, "dequantization", 3)
    with pytest.raises(ModelError) as caught:
        to_document(graph)
    assert str(caught.value) == (
        "net: dequantization must be a Dequantization, not int; export the model with hwgen.nn"
    )


def test_what_may_be_left_out():
    small = document()
    del small["samples"], small["nodes"][DENSE]["bias"], small["nodes"][RELU]["signed"]
    small["nodes"][DENSE]["accumulator"][0] = {"method": "signed", "bits": 8, "offset": 0}
    small["nodes"][DENSE]["accumulator"][1]["bits"] = 8
    graph = from_document(small, WHERE)
    assert graph.samples is None
    assert graph.node("fc1").bias.tolist() == [0, 0]
    assert to_document(graph)["samples"] is None
    small["samples"] = None
    assert from_document(small, WHERE).samples is None


@pytest.mark.parametrize("value", [None, 3, "text", [], np.zeros(3)])
def test_something_else(value):
    name = type(value).__name__
    assert refusal(value) == f"net.pt: must be a dict of plain data, not {name}"


KEYS = [
    (("format",), ""),
    (("version",), ""),
    (("name",), ""),
    (("metadata",), ""),
    (("input",), ""),
    (("nodes",), ""),
    (("outputs",), ""),
    (("input", "shape"), ": input"),
    (("input", "bits"), ": input"),
    (("input", "scale"), ": input"),
    (("nodes", DENSE, "op"), ": nodes[1]"),
    (("nodes", DENSE, "name"), ": nodes[1]"),
    (("nodes", DENSE, "inputs"), ": nodes[1]: fc1"),
    (("nodes", DENSE, "weight"), ": nodes[1]: fc1"),
    (("nodes", DENSE, "weight_bits"), ": nodes[1]: fc1"),
    (("nodes", DENSE, "accumulator"), ": nodes[1]: fc1"),
    (("nodes", DENSE, "accumulator", 1, "method"), ": nodes[1]: fc1: accumulator[1]"),
    (("nodes", DENSE, "accumulator", 1, "bits"), ": nodes[1]: fc1: accumulator[1]"),
    (("nodes", DENSE, "accumulator", 1, "offset"), ": nodes[1]: fc1: accumulator[1]"),
    (("nodes", RELU, "thresholds"), ": nodes[2]: relu1"),
    (("nodes", RELU, "bits"), ": nodes[2]: relu1"),
    (("samples", "x"), ": samples"),
    (("samples", "y"), ": samples"),
]


@pytest.mark.parametrize(("path", "where"), KEYS, ids=[".".join(map(str, k)) for k, _ in KEYS])
def test_a_missing_key(path, where):
    changed = document()
    container, key = at(changed, path)
    del container[key]
    assert refusal(changed) == f"net.pt{where}: key {key!r} is missing; export the model again"


STRINGS = [("format",), ("name",), ("nodes", DENSE, "op"), ("nodes", DENSE, "name")]
INTEGERS = [
    *(("version",), ("input", "bits"), ("nodes", DENSE, "weight_bits"), ("nodes", RELU, "bits")),
    *(("nodes", DENSE, "accumulator", 1, key) for key in ("bits", "offset", "target_bits")),
]
ARRAYS = [
    *(("nodes", DENSE, "weight"), ("nodes", DENSE, "bias"), ("nodes", RELU, "thresholds")),
    *(("samples", key) for key in ("x", "y", "labels")),
]
LISTS = [("nodes",), ("nodes", DENSE, "accumulator")]
DICTS = [("metadata",), ("input",), ("samples",)]


def mistyped(paths, expected, wrong):
    return [(path, expected, value) for path in paths for value in wrong]


@pytest.mark.parametrize(
    ("path", "expected", "value"),
    [
        *mistyped(STRINGS, "a string", (None, 3, b"hwgen")),
        *mistyped(INTEGERS, "an integer", (2.0, "3", True)),
        *mistyped(ARRAYS, "an integer tensor", (3, "text", [[1, 2]])),
        *mistyped(LISTS, "a list", (None, {}, "text")),
        *mistyped(DICTS, "a dict", (3, [], "text")),
        *mistyped([("input", "scale")], "a number", (None, "1", True)),
        *mistyped([("input", "signed"), ("nodes", RELU, "signed")], "true or false", (0, "yes")),
        *mistyped([("outputs",), ("nodes", 0, "inputs")], "a list of strings", (None, "best")),
        *mistyped([("input", "shape")], "a list of integers", (None, 3)),
    ],
)
def test_a_value_of_another_type(path, expected, value):
    changed = document()
    container, key = at(changed, path)
    container[key] = value
    text = refusal(changed)
    assert text.startswith("net.pt: ")
    assert text.endswith(f": {key} must be {expected}, not {type(value).__name__}")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("outputs",), ["best", 3], "net.pt: outputs must be a list of strings"),
        (("input", "shape"), [3, 1.0], "net.pt: input: shape must be a list of integers"),
        (("input", "shape"), [True, 1], "net.pt: input: shape must be a list of integers"),
        (("nodes", 0), 3, "net.pt: nodes[0]: must be a dict of plain data, not int"),
        (
            ("nodes", DENSE, "accumulator", 0),
            "signed",
            "net.pt: nodes[1]: fc1: accumulator[0]: must be a dict of plain data, not str",
        ),
        (
            ("nodes", DENSE, "weight"),
            np.array([[0.5]]),
            "net.pt: nodes[1]: fc1: weight must be an integer tensor, not float64",
        ),
        (
            ("nodes", DENSE, "weight"),
            np.array([[1]], np.uint64),
            "net.pt: nodes[1]: fc1: weight must be an integer tensor, not uint64",
        ),
        (
            ("nodes", DENSE, "weight"),
            np.array([[True]]),
            "net.pt: nodes[1]: fc1: weight must be an integer tensor, not bool",
        ),
        (
            ("nodes", RELU, "thresholds"),
            np.array([["1"]]),
            "net.pt: nodes[2]: relu1: thresholds must be an integer tensor, not <U1",
        ),
    ],
)
def test_what_lies_inside_a_container(path, value, expected):
    changed = document()
    container, key = at(changed, path)
    container[key] = value
    assert refusal(changed) == expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("format",),
            "onnx",
            "net.pt: format must be 'hwgen'; export the model with hwgen.nn",
        ),
        (
            ("version",),
            2,
            "net.pt: version must be 1, not 2; "
            "use the hwgen release that wrote it, or export it again",
        ),
        (("outputs",), [], "net.pt: outputs must name one node, not 0"),
        (("outputs",), ["fc1", "best"], "net.pt: outputs must name one node, not 2"),
        (("outputs",), ["nowhere"], "net: output: must name a node, not 'nowhere'"),
        (
            ("nodes", DENSE, "op"),
            "softmax",
            "net.pt: nodes[1]: fc1: op must be one of dense, conv2d, threshold, rescale, "
            "max_pool2d, sum_pool2d, add, concat, upsample_nearest, pixel_shuffle, flatten, "
            "argmax, not 'softmax'; this release cannot build it",
        ),
        (("input", "bits"), 0, "net.pt: input: bits must be 1 to 32, not 0"),
        (("input", "bits"), 33, "net.pt: input: bits must be 1 to 32, not 33"),
        (
            ("nodes", RELU, "bits"),
            1 << 40,
            f"net.pt: nodes[2]: relu1: bits must be 1 to 16, not {1 << 40}",
        ),
        (
            ("nodes", DENSE, "accumulator", 0, "method"),
            "saturate",
            "net.pt: nodes[1]: fc1: accumulator[0]: method must be signed or offset, "
            "not 'saturate'",
        ),
        (
            ("samples", "x"),
            np.zeros((2, 3), np.int64),
            "net.pt: samples: x and y must have shapes (samples, 3, 1) and (samples, 1,), "
            "not (2, 3) and (2, 1); export the model again",
        ),
        (
            ("samples", "y"),
            np.zeros((3, 1), np.int64),
            "net.pt: samples: x and y must have shapes (samples, 3, 1) and (samples, 1,), "
            "not (2, 3, 1) and (3, 1); export the model again",
        ),
        (
            ("samples", "labels"),
            np.zeros((3,), np.int64),
            "net.pt: samples: labels must have shape (2,), not (3,); export the model again",
        ),
        (
            ("input", "scale"),
            float("nan"),
            "net: input: scale must be positive and finite, not nan",
        ),
        (("input", "shape"), [], "net: input: shape must have positive sizes, not ()"),
        (
            ("nodes", DENSE, "weight"),
            np.array(3),
            "net: fc1: weight must be a matrix (out_features, in_features), not ()",
        ),
        (
            ("nodes", DENSE, "accumulator", 0, "bits"),
            7,
            "net: fc1: channel 0: accumulator must have 8 bits for sums in [-25, 65], not 7",
        ),
    ],
)
def test_a_value_out_of_range(path, value, expected):
    changed = document()
    container, key = at(changed, path)
    container[key] = value
    assert refusal(changed).splitlines()[0] == expected  # a broken node breaks those behind it


NUMBERS = [*INTEGERS, ("input", "scale"), ("input", "shape", 0)]


@pytest.mark.parametrize("path", NUMBERS, ids=[".".join(map(str, k)) for k in NUMBERS])
@pytest.mark.parametrize("value", [1 << 63, 10**5000, -(10**5000)], ids=["2**63", "huge", "-huge"])
def test_integers_that_no_message_could_print(path, value):
    """Python refuses to print beyond 4300 digits, and 1 << bits would fill the memory."""
    changed = document()
    container, key = at(changed, path)
    container[key] = value
    name = "shape" if key == 0 else key
    assert refusal(changed).endswith(f": {name} must fit 64 bits; export the model again")


def test_the_document_is_left_alone():
    before = document()
    after = copy.deepcopy(before)
    from_document(after, WHERE)
    assert same(before, after)
