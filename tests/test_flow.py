"""The calls of a Python program: paths as text, and sentences for what is no path or network."""

import numpy as np
import pytest

from hwgen import flow
from hwgen.errors import HwgenError, PlanError
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("design") / "d"
    flow.build(network(1), BuildOptions(), path)
    return path


def test_paths_may_be_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("weights.npy", np.array([[1, -2], [3, 1]]))
    graph = flow.load("weights.npy", IntType.parse("u2"))
    plan = flow.build(graph, BuildOptions(), "out")
    assert flow.build(graph, BuildOptions(), "again", "out/plan.json") == plan


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: flow.load(5),
            "path: must be text or a pathlib.Path, not 5; name a file",
        ),
        (
            lambda: flow.load("w.npy", "u4"),
            "inputs: must be a type such as IntType.parse('u4'), not 'u4'",
        ),
        (
            lambda: flow.build("net.pt", BuildOptions(), "out"),
            "graph: must be a Graph, not 'net.pt'; see hwgen.flow",
        ),
        (
            lambda: flow.build(network(1), "folded", "out"),
            "options: must be a BuildOptions, not 'folded'; see hwgen.flow",
        ),
        (
            lambda: flow.build(network(1), BuildOptions(), None),
            "path: must be text or a pathlib.Path, not None; name a file",
        ),
    ],
)
def test_arguments_of_another_kind(call, sentence):
    with pytest.raises(HwgenError) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("seed", "samples", "sentence"),
    [
        (-1, 0, "seed: must be 0 to 4294967295, not -1; choose another number"),
        (10**20, 0, f"seed: must be 0 to 4294967295, not {10**20}; choose another number"),
        (0, -1, "samples: must be 0 to 100000, not -1; choose another number"),
        (1, 10**9, "samples: must be 0 to 100000, not 1000000000; choose another number"),
    ],
)
def test_numbers_of_a_simulation(folder, seed, samples, sentence):
    with pytest.raises(PlanError) as caught:
        flow.chosen_vectors(folder, seed, samples)
    assert str(caught.value) == sentence


def test_more_samples_than_there_are_need_a_seed(folder):
    with pytest.raises(PlanError) as caught:
        flow.chosen_vectors(folder, 0, 1000)
    assert str(caught.value) == (
        f"samples: must be at most the 69 vectors of {folder / 'vectors.npz'}, not 1000; "
        "add --seed 1 for others"
    )
    assert flow.chosen_vectors(folder, 0, 69) is None
    vectors = flow.chosen_vectors(folder, 1, 1000)
    assert vectors == folder / "sim" / "vectors-1.npz"
    with np.load(vectors) as archive:
        assert len(archive["x"]) >= 1000


def test_the_default_folder_is_not_another_networks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = (named(name) for name in ("a-b", "a_b"))
    flow.build(one, BuildOptions(), flow.default_folder(one))
    assert flow.default_folder(one).name == "a_b"
    with pytest.raises(PlanError) as caught:
        flow.default_folder(other)
    assert str(caught.value) == (
        "rtl_out/a_b: must be free or hold a design of 'a_b', and holds one of 'a-b'; "
        "name another folder with -o"
    )


def named(name):
    """Give a network of that name."""
    graph = network(1, widths=(4, 3))
    fields = {field: getattr(graph, field) for field in ("input", "nodes", "output")}
    return type(graph)(name=name, **fields)
