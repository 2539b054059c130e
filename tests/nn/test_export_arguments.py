"""What export and model files are given beside the model: right, or one sentence."""

import contextlib
import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from hwgen.errors import HwgenError, ModelError
from hwgen.ir import Graph
from hwgen.nn import export_graph, load_model, save_model
from hwgen.reference import outputs
from tests.nn.networks import codes, small_net

X = codes(20)
LABELS = np.arange(20) % 5


def export(**given):
    return export_graph(small_net(), **{"name": "net", "input_shape": (12,)} | given)


def refusal(**given):
    with pytest.raises(ModelError) as caught:
        export(**given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": 3}, "export_graph: name must be text, not int; pass name='mine'"),
        ({"name": " "}, "export_graph: name must be text, not ' '; pass name='mine'"),
        *(
            (
                {"input_shape": shape},
                "net: input_shape must be the sizes of one input, without samples, such as (64,) "
                f"or (1, 28, 28), not {shown}",
            )
            for shape, shown in [
                (12, "12"),
                ((), "()"),
                ((0,), "(0,)"),
                ((12.0,), "(12.0,)"),
                ((None, 12), "(None, 12)"),
                ("12", "str"),
            ]
        ),
        (
            {"name": "\ud800"},
            "export_graph: name must be text in Unicode, without half characters, not '\\ud800'",
        ),
        *(
            ({"x": tensor}, f"net: x must be a dense tensor of integers, not {shown}")
            for tensor, shown in [
                (torch.ones(2, 12).to_sparse(), "torch.float32, torch.sparse_coo on cpu"),
                (torch.ones(2, 12).bfloat16(), "torch.bfloat16, torch.strided on cpu"),
                (torch.ones(2, 12, device="meta"), "torch.float32, torch.strided on meta"),
            ]
        ),
        *(
            (
                {"metadata": {"a": tensor}},
                "net: metadata: a: must be plain data, and its numbers cannot be read; "
                "make it a dense array of this machine's memory",
            )
            for tensor in (torch.ones(2).to_sparse(), torch.ones(2, device="meta"))
        ),
        ({"metadata": [1]}, "net: metadata must be a dict, not list"),
        (
            {"metadata": {"data": Path("x")}},
            "net: metadata: data: must be plain data, strings, numbers, lists and dicts, "
            "not PosixPath; write it as text",
        ),
        (
            {"metadata": {"a": {1: 2}}},
            "net: metadata: a: keys must be strings, not int; write str(key)",
        ),
        (
            {"metadata": {"a": [0, float("nan")]}},
            "net: metadata: a[1]: must be finite, not nan; leave it out or write it as text",
        ),
        ({"metadata": {"a": 1 << 70}}, "net: metadata: a: must fit 64 bits; write it as text"),
        (
            {"metadata": {"a": "\ud800"}},
            "net: metadata: a: must be text in Unicode, without half characters",
        ),
        ({"labels": LABELS}, "net: labels must come with their inputs; give x, too"),
        (
            {"x": X / 15},
            "net: x must be integers, the codes of the inputs, not float64; "
            "give QuantInput.codes of real inputs, as int64",
        ),
        ({"x": [["a"]]}, "net: x must be an array of integers, not <U1"),
        ({"x": [[1], [1, 2]]}, "net: x must be an array, not rows of different lengths"),
        ({"x": X[:0]}, "net: x must hold a sample at least; leave it out"),
        ({"x": X[0]}, "net: input: must have shape (samples, 12,), not (12,)"),
        ({"x": X + 1}, "net: input: values must be u4, 0 to 15, not 1 to 16"),
        (
            {"x": X, "labels": LABELS[:, None]},
            "net: labels must have shape (20,), one for each of x, not (20, 1)",
        ),
        (
            {"x": X, "labels": LABELS[:5]},
            "net: labels must have shape (20,), one for each of x, not (5,)",
        ),
        (
            {"x": X, "labels": LABELS + 0.5},
            "net: labels must be class indices, not float64",
        ),
        (
            {"x": X, "labels": LABELS + 1},
            "net: labels must be 0 to 4, as the output layer has 5 outputs, not 1 to 5",
        ),
    ],
)
def test_refusals(given, sentence):
    assert refusal(**given) == sentence


@pytest.mark.parametrize(
    ("x", "labels"),
    [
        (X, LABELS),
        (X.astype(np.uint8), LABELS.astype(np.int16)),
        (X.tolist(), LABELS.tolist()),
        (torch.from_numpy(X), torch.from_numpy(LABELS)),
    ],
)
def test_samples_and_labels_of_any_kind_of_integers(x, labels, tmp_path):
    graph = export(x=x, labels=labels, input_shape=[np.int64(12)])
    save_model(graph, str(tmp_path / "net.pt"))
    found = load_model(str(tmp_path / "net.pt"))
    assert found.input.shape == (12,)
    assert np.array_equal(found.samples.x, X)
    assert np.array_equal(found.samples.y, outputs(graph, X))
    assert np.array_equal(found.samples.labels, LABELS)


def test_numbers_of_numpy_and_torch_in_the_metadata(tmp_path):
    facts = {
        "accuracy": np.mean([0.5, 1.0]),
        "loss": torch.tensor(0.25),
        "curve": np.array([0.5, 0.75]),
        "sizes": (np.int64(3), True, None, "text"),
        "best": {"epoch": np.int8(7)},
    }
    save_model(export(metadata=facts), tmp_path / "net.pt")
    assert load_model(tmp_path / "net.pt").metadata == {
        "accuracy": 0.75,
        "loss": 0.25,
        "curve": [0.5, 0.75],
        "sizes": [3, True, None, "text"],
        "best": {"epoch": 7},
    }


@pytest.mark.parametrize(
    ("graph", "path", "sentence"),
    [
        (
            "model.pt",
            "net.pt",
            "save_model: graph must be the integer network of export_graph, not str; "
            "call save_model(export_graph(net, ...), path)",
        ),
        (
            None,
            3,
            "save_model: path must be the name of a file, not int; pass 'model.pt'",
        ),
        (None, "", "save_model: path must be the name of a file, not ''; pass 'model.pt'"),
    ],
)
def test_arguments_of_save_model(graph, path, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        save_model(graph or export(), path)
    assert str(caught.value) == sentence
    assert list(tmp_path.iterdir()) == []


def test_arguments_of_load_model():
    with pytest.raises(ModelError) as caught:
        load_model(None)
    assert str(caught.value) == (
        "load_model: path must be the name of a file, not NoneType; pass 'model.pt'"
    )


NUMBERS = [np.int64(3), np.float64(0.5), np.array(0.5), 2.5, None, "x", -1, 1 << 70, np.inf, True]
ARRAYS = [
    lambda array: array.astype(np.float64) + 0.5,
    lambda array: array.astype(np.uint64) + (1 << 63),
    lambda array: array.astype(np.int8),
    lambda array: array[:, np.newaxis],
    lambda array: array[:0],
    lambda array: array + 1,
]


def spoil(graph, random):
    """Set one number, text or array of one part of the graph to something odd, past all checks."""
    parts = [graph, graph.input, graph.input.type, graph.samples, *graph.nodes]
    parts += [node.accumulators[0] for node in graph.nodes if hasattr(node, "accumulators")]
    leaves = [
        (part, name)
        for part in parts
        for name in part.__dataclass_fields__
        if isinstance(getattr(part, name), int | float | str | None | np.ndarray)
    ]
    part, name = leaves[random.integers(len(leaves))]
    value = getattr(part, name)
    if isinstance(value, np.ndarray):
        odd = ARRAYS[random.integers(len(ARRAYS))](value)
    else:
        odd = NUMBERS[random.integers(len(NUMBERS))]
    object.__setattr__(part, name, odd)
    return f"{type(part).__name__}.{name} = {odd!r}"


@pytest.fixture(scope="module")
def whole():
    return export(x=X, labels=LABELS)


@pytest.mark.parametrize("seed", range(80))
def test_what_is_written_can_be_read(seed, whole, tmp_path):
    """Property: a file is written only where `load_model` takes it; else there is no file."""
    graph = copy.deepcopy(whole)
    change = spoil(graph, np.random.default_rng(seed))
    path = tmp_path / "net.pt"
    with contextlib.suppress(HwgenError):
        save_model(graph, path)
    if path.exists():
        assert isinstance(load_model(path), Graph), change
    assert list(tmp_path.iterdir()) in ([], [path])


@pytest.mark.parametrize("what", ["x", "labels"])
def test_masked_entries_are_refused(what):
    """The mask would be lost, and what lies below it taken."""
    given = {"x": X, "labels": LABELS}
    masked = np.ma.masked_array(given[what], mask=np.zeros_like(given[what]))
    assert export(**given | {what: masked}).samples is not None
    masked[3] = np.ma.masked
    assert refusal(**given | {what: masked}) == (
        f"net: {what} must have no masked entries; leave those samples out, or fill them"
    )
