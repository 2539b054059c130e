"""model.pt: whole, damaged, edited, foreign and hostile files."""

import io
import os
import pickle
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import torch

from hwgen.errors import ModelError, ToolError, VerifyError
from hwgen.frontend.document import to_document
from hwgen.ir import Accumulator, Argmax, Dense, Flatten, Graph, Input, Samples, Threshold
from hwgen.nn.model_file import load_model, save_model
from hwgen.numeric import IntType
from hwgen.reference import outputs

DAMAGED = (
    "{path}: must be a whole model file written by torch.save, and cannot be read "
    "(it is damaged or of another kind); export the model again"
)
OBJECTS = (
    "{path}: must hold plain data only, and holds Python objects, which are never loaded; "
    "save it with hwgen.nn.save_model"
)


# torch's remarks on damaged pickles and on its own sparse and quantized tensors
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def network(samples=None):
    weight = np.array([[3, -2, 1], [4, 0, -8]])
    dense = Dense(
        name="fc1",
        inputs=("flat",),
        weight=weight,
        weight_bits=4,
        bias=np.array([5, 4]),
        accumulators=(
            Accumulator(method="signed", bits=8),
            Accumulator(method="offset", bits=6, offset=-3, target_bits=6),
        ),
    )
    relu = Threshold(
        name="relu1",
        inputs=("fc1",),
        thresholds=np.array([[0, 20, 40], [-100, -50, 1 << 40]]),
        output=IntType(bits=2, signed=False),
    )
    return Graph(
        name="net",
        input=Input(shape=(3, 1), type=IntType(bits=4, signed=False), scale=0.25),
        nodes=(
            Flatten(name="flat", inputs=("input",)),
            dense,
            relu,
            Argmax(name="best", inputs=("relu1",)),
        ),
        output="best",
        metadata={"recipe": "none", "accuracy_integer": 0.5},
        samples=samples,
    )


@pytest.fixture
def graph():
    x = np.random.default_rng(1).integers(0, 16, (6, 3, 1))
    y = outputs(network(), x)
    return network(Samples(x=x, y=y, labels=y[:, 0]))


@pytest.fixture
def path(tmp_path, graph):
    save_model(graph, tmp_path / "net.pt")
    return tmp_path / "net.pt"


def edited(path, change):
    document = torch.load(path, weights_only=True)
    change(document)
    torch.save(document, path)


def refusal(path, kind=ModelError):
    with pytest.raises(kind) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def flat(value, where=""):
    """Every leaf of a document by its path, arrays as lists."""
    if isinstance(value, dict):
        return {k: v for key in value for k, v in flat(value[key], f"{where}.{key}").items()}
    if isinstance(value, list):
        return {k: v for i, x in enumerate(value) for k, v in flat(x, f"{where}[{i}]").items()}
    return {where: value.tolist() if isinstance(value, np.ndarray) else value}


def test_writing_and_reading(path, graph):
    assert flat(to_document(load_model(path))) == flat(to_document(graph))


def test_the_file_is_plain_data_of_the_smallest_types(path):
    document = torch.load(path, weights_only=True)
    assert document["format"] == "hwgen"
    assert document["nodes"][1]["weight"].dtype == torch.int8
    assert document["nodes"][2]["thresholds"].dtype == torch.int64
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_same_bytes_every_time(path, graph, tmp_path):
    save_model(graph, tmp_path / "other name.pt")
    assert (tmp_path / "other name.pt").read_bytes() == path.read_bytes()


def test_a_model_without_samples(tmp_path):
    save_model(network(), tmp_path / "net.pt")
    assert load_model(tmp_path / "net.pt").samples is None


def test_a_model_that_contradicts_itself_is_not_written(graph, tmp_path):
    wrong = network(Samples(x=graph.samples.x, y=graph.samples.y + 1))
    with pytest.raises(VerifyError):
        save_model(wrong, tmp_path / "net.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(graph, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match=r"below\.pt: cannot be written \(Not a directory\)"):
        save_model(graph, tmp_path / "file" / "below.pt")


def test_a_missing_file(tmp_path):
    for path in (tmp_path / "missing.pt", tmp_path):
        assert refusal(path) == (
            f"{path}: must be a file; train one with `python -m training digits`"
        )


def test_a_file_that_may_not_be_read(path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")  # root, as in CI, may read everything

    monkeypatch.setattr(torch, "load", refuse)
    assert "and cannot be read (Permission denied); " in refusal(path)


def test_a_file_cut_at_any_place(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 17):
        path.write_bytes(whole[:length])
        assert refusal(path) == DAMAGED.format(path=path)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_file_with_bytes_changed(path, legacy):
    """Either the change shows or it changes nothing; nothing but our two errors is ever raised."""
    if legacy:
        document = torch.load(path, weights_only=True)
        torch.save(document, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(300):
        changed = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            changed[place] = rng.integers(256)
        path.write_bytes(changed)
        with suppress(ModelError, VerifyError):
            load_model(path)


def test_a_pickle_with_bytes_changed(path):
    """As above, behind the checksums of the archive."""
    archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    entries = {info.filename: archive.read(info) for info in archive.infolist()}
    rng = np.random.default_rng(2)
    for _ in range(300):
        with zipfile.ZipFile(path, "w") as copy:
            for name, content in entries.items():
                changed = bytearray(content)
                if name.endswith("data.pkl"):
                    changed[rng.integers(len(changed))] = rng.integers(256)
                copy.writestr(name, bytes(changed))
        with suppress(ModelError, VerifyError):
            load_model(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b'{"format": "hwgen"}', b"PK\x03\x04 no zip", b"\x93NUMPY", b"\x80\x02."],
    ids=["empty", "text", "json", "zip", "npy", "pickle"],
)
def test_files_of_another_kind(tmp_path, content):
    path = tmp_path / "net.pt"
    path.write_bytes(content)
    assert refusal(path) == DAMAGED.format(path=path)


def test_a_pickled_module(tmp_path):
    path = tmp_path / "net.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    assert refusal(path) == OBJECTS.format(path=path)


class Hostile:
    """An object whose unpickling would create a file."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return (os.system, (f"touch {self.proof}",))


@pytest.mark.parametrize("save", ["zip", "legacy", "bare"])
def test_hostile_code_never_runs(tmp_path, save):
    path, proof = tmp_path / "net.pt", tmp_path / "executed"
    document = {"format": "hwgen", "version": 1, "nodes": [Hostile(proof)]}
    if save == "bare":
        path.write_bytes(pickle.dumps(document, protocol=2))
    else:
        torch.save(document, path, _use_new_zipfile_serialization=save == "zip")
    text = refusal(path)
    assert text in (OBJECTS.format(path=path), DAMAGED.format(path=path))
    assert not proof.exists()


def test_a_list_that_holds_itself(tmp_path):
    path, endless = tmp_path / "net.pt", []
    endless.append(endless)
    torch.save({"format": "hwgen", "version": 1, "name": "net", "nodes": endless}, path)
    assert refusal(path) == DAMAGED.format(path=path)


@pytest.mark.parametrize("document", [None, 3, "hwgen", [1], torch.zeros(2)])
def test_plain_data_that_is_no_model(tmp_path, document):
    path = tmp_path / "net.pt"
    torch.save(document, path)
    kind = "ndarray" if isinstance(document, torch.Tensor) else type(document).__name__
    assert refusal(path) == f"{path}: must be a dict of plain data, not {kind}"


WEIGHT = [[3, -2, 1], [4, 0, -8]]


@pytest.mark.parametrize(
    ("weight", "kind"),
    [
        (lambda: torch.tensor(WEIGHT, dtype=torch.float32), "float32"),
        (lambda: torch.tensor(WEIGHT, dtype=torch.bool), "bool"),
        (lambda: torch.tensor(WEIGHT, dtype=torch.bfloat16), "Tensor"),
        (lambda: torch.tensor(WEIGHT, dtype=torch.complex64).conj(), "Tensor"),
        (lambda: torch.tensor(WEIGHT).to_sparse(), "Tensor"),
        (lambda: torch.tensor(WEIGHT).to_sparse_csr(), "Tensor"),
        (lambda: torch.zeros(2, 3, dtype=torch.int8, device="meta"), "Tensor"),
        (lambda: torch.quantize_per_tensor(torch.zeros(2, 3), 1.0, 0, torch.qint8), "Tensor"),
        (lambda: torch.zeros(1, dtype=torch.int8).expand(10**7, 10**7), "Tensor"),
        (lambda: torch.nn.Parameter(torch.zeros(2, 3)), "float32"),
        (lambda: WEIGHT, "list"),
    ],
)
def test_weights_that_are_no_plain_integer_tensor(path, weight, kind):
    edited(path, lambda document: document["nodes"][1].update(weight=weight()))
    assert refusal(path) == (f"{path}: nodes[1]: fc1: weight must be an integer tensor, not {kind}")


def test_weights_laid_out_by_column_are_read(path, graph):
    column = torch.tensor(WEIGHT, dtype=torch.int8).T.contiguous().T
    edited(path, lambda document: document["nodes"][1].update(weight=column))
    assert load_model(path).node("fc1").weight.tolist() == graph.node("fc1").weight.tolist()


@pytest.mark.parametrize("key", ["format", "version", "name", "input", "nodes", "outputs"])
def test_a_key_of_another_type(path, key):
    edited(path, lambda document: document.update({key: torch.zeros(2)}))
    assert refusal(path).startswith(f"{path}: {key} must be ")


def test_larger_weights_than_the_accumulator_was_made_for(path):
    edited(path, lambda document: document["nodes"][1]["weight"][0].fill_(7))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert str(caught.value).splitlines()[0] == (
        "net: fc1: channel 0: accumulator must have 10 bits for sums in [5, 320], not 8"
    )


def test_fewer_accumulator_bits_than_the_weights_need(path):
    edited(path, lambda document: document["nodes"][1]["accumulator"][0].update(bits=7))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert str(caught.value).splitlines()[0] == (
        "net: fc1: channel 0: accumulator must have 8 bits for sums in [-25, 65], not 7"
    )


def test_a_target_that_the_weights_miss(path):
    edited(path, lambda document: document["nodes"][1]["accumulator"][1].update(target_bits=5))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert str(caught.value).splitlines()[0] == (
        "net: fc1: channel 1: accumulator needs 6 bits, more than the 5 that it was trained for"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["samples"]["y"].add_(1),
        lambda document: document["nodes"][2]["thresholds"].fill_(-1000),
    ],
    ids=["samples", "thresholds"],
)
def test_samples_that_no_longer_come_out(path, change):
    edited(path, change)
    assert refusal(path, VerifyError) == (
        "net: samples: the reference must give the stored outputs, and does not; "
        "the file is damaged or was edited: export the model again"
    )


def test_samples_outside_the_input(path):
    edited(path, lambda document: document["samples"]["x"].fill_(16))
    assert refusal(path) == "net: input: values must be u4, 0 to 15, not 16 to 16"
