"""Damaged models, ONNX files, matrices, plans and designs: one sentence, or a right result.

`make test` runs about two hundred cases, `make fuzz` twenty thousand. A case is named by its kind
and seed, so that one that failed runs alone: `pytest tests/fuzz -k "plan and 17"`.
"""

import pytest

from tests.fuzz import folders, models, onnx_files, plans
from tests.fuzz.models import make_models

KINDS = {  # what is damaged: the cases of `make test` and of `make fuzz`
    models.a_model_as_bytes: (8, 1500),
    models.a_model_as_a_document: (20, 2500),
    models.a_matrix: (25, 2500),
    onnx_files.an_onnx_file_as_bytes: (30, 3000),
    onnx_files.an_onnx_file_as_a_graph: (70, 7000),
    plans.a_plan: (16, 1500),
    plans.choices_of_a_plan: (6, 500),
    folders.reported: (24, 1300),
    folders.proved: (8, 160),
    folders.simulated: (2, 25),
    folders.synthesised: (1, 15),
}


def seeds():
    """Every case: its kind and seed; those that `make test` leaves out are marked."""
    for kind, (few, many) in KINDS.items():
        for seed in range(many):
            marks = () if seed < few else pytest.mark.slow
            yield pytest.param(kind, seed, marks=marks, id=f"{kind.__name__}-{seed}")


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Models, and a design folder of each style with its results."""
    home = tmp_path_factory.mktemp("fuzz")
    make_models(home)
    onnx_files.make_files(home)
    folders.make_designs(home)
    return home


@pytest.mark.parametrize(("kind", "seed"), seeds())
def test_it_is_refused_in_a_sentence_or_right(home, tmp_path, kind, seed):
    kind(home, tmp_path, seed)
