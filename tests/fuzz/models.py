"""Models and matrices at random, given to `hwgen build` and `hwgen inspect`."""

import contextlib
import json
import sys

import numpy as np
import torch

from hwgen.flow import load
from hwgen.ir import Graph, Samples
from hwgen.network_file import load_network
from hwgen.nn import save_model
from hwgen.nn.model_file import _map_arrays
from hwgen.numeric import IntType
from hwgen.reference import outputs
from tests.frontend.test_image_nodes import document as image_document
from tests.fuzz.cases import run
from tests.fuzz.damage import damaged_bytes, damaged_document, plain_value, write_matrix
from tests.tiny_nets import network

TENSOR_TYPES = (torch.int8, torch.int64, torch.uint8, torch.bool, torch.float32, torch.complex64)


def tiny():
    """Give a network of two layers with golden samples and labels."""
    graph = network(5, widths=(4, 3, 2), codes="u2")
    x = np.random.default_rng(0).integers(0, 16, (4, 4))
    fields = {f: getattr(graph, f) for f in ("name", "input", "nodes", "output")}
    samples = Samples(x=x, y=outputs(graph, x), labels=np.arange(4))
    return Graph(**fields, samples=samples, metadata={"accuracy_integer": 90.0, "a": [1, {}]})


def make_models(home):
    """Write the models that are damaged."""
    save_model(tiny(), home / "dense.pt")
    torch.save(_map_arrays(image_document()), home / "image.pt")


def a_model_as_bytes(home, place, seed):
    """Damage the archive."""
    rng = np.random.default_rng(seed)
    content = (home / rng.choice(("dense.pt", "image.pt"))).read_bytes()
    (place / "m.pt").write_bytes(damaged_bytes(rng, content))
    try_model(rng, place)


def a_model_as_a_document(home, place, seed):
    """Change values, types, shapes and keys."""
    rng = np.random.default_rng(seed)
    document = torch.load(home / rng.choice(("dense.pt", "image.pt")), weights_only=True)
    if rng.random() < 0.02:
        for _ in range(int(rng.choice((50, 400)))):
            document["metadata"] = {"deep": document["metadata"]}
    with deep_recursion():
        torch.save(damaged_document(rng, document, value_or_tensor), place / "m.pt")
    try_model(rng, place)


@contextlib.contextmanager
def deep_recursion():
    """Let what writes a damaged file go deeper than what reads it may."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * usual)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def value_or_tensor(rng, old):
    """Another value; for a tensor mostly one near it, or of another type or shape."""
    if not isinstance(old, torch.Tensor):
        return plain_value(rng, old)
    match rng.integers(0, 9):
        case 0:
            return old.to(TENSOR_TYPES[int(rng.integers(0, len(TENSOR_TYPES)))])
        case 1:
            return old.T if old.ndim == 2 else old[None]
        case 2:
            return old[:0]
        case 3:
            return old.flatten()[0].clone()
        case 4:
            return old.to_sparse()
        case 5:
            return torch.empty(0).expand(2**40, 0)
        case 6:
            return plain_value(rng, 1)
        case _:
            new = old.to(torch.int64).clone()
            if new.numel():
                flat = new.flatten()
                change = int(rng.choice((1, -1, 5, 2**31, 2**40, -(2**62))))
                flat[int(rng.integers(0, len(flat)))] += change
                new = flat.reshape(old.shape)
            return new


def try_model(rng, place):
    """Inspect or build the model; what is built must be what the file says."""
    model = place / "m.pt"
    if rng.random() < 0.5:
        run("inspect", model, "--json")
        assert [path.name for path in place.iterdir()] == ["m.pt"]
        return
    style = rng.choice(("auto", "unrolled", "folded"))
    if build(place, model, "--style", style):
        same_network(place / "d", load(model))


def build(place, source, *options):
    """Build a design; whether it was built. Nothing is left where it was refused."""
    before = sorted(place.iterdir())
    status = run("build", source, "-o", place / "d", *options)
    assert status in (0, 1, 2)
    if status != 0:
        assert sorted(place.iterdir()) == before
        return False
    return True


def same_network(folder, graph):
    """Show that the network and the vectors of a folder are those of a graph."""
    built = load_network(folder / "network.npz")
    with np.load(folder / "vectors.npz") as vectors:
        x, y = vectors["x"].reshape(-1, *graph.input.shape), vectors["y"]
        assert np.array_equal(outputs(graph, x).reshape(y.shape), y)
        assert np.array_equal(outputs(built, x).reshape(y.shape), y)
    top = json.loads((folder / "design.json").read_text())["top"]
    assert (folder / f"{top}.v").is_file()


def a_matrix(home, place, seed):
    """Build a .npy file that may be a matrix."""
    rng = np.random.default_rng(seed)
    write_matrix(rng, place / "w.npy")
    kind = str(rng.choice(("u1", "u2", "s3", "u4", "s8")))
    style = rng.choice(("auto", "unrolled", "folded"))
    if build(place, place / "w.npy", "--input", kind, "--style", style):
        given = np.load(place / "w.npy")
        graph = load_network(place / "d" / "network.npz")
        assert np.array_equal(graph.nodes[0].weight, given)
        assert graph.input.type == IntType.parse(kind)
        same_network(place / "d", graph)
