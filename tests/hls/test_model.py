"""The C++ as a model in Python, against the reference."""

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.flow import build
from hwgen.hls.model import CppModel
from hwgen.plan.options import BuildOptions
from hwgen.reference import outputs
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network, random_inputs

NETS = {
    "unrolled": network(1, inputs="s4", argmax=False),
    "folded": small_cnn(2),
}


@pytest.mark.parametrize("style", NETS)
def test_thousands_of_vectors_equal_the_reference(tmp_path, style):
    graph = NETS[style]
    build(graph, BuildOptions(style=style, effort="low"), tmp_path / "d", hls=True)
    model = CppModel(tmp_path / "d")
    x = random_inputs(graph, 1_000)
    assert np.array_equal(model.run(x), outputs(graph, x))
    assert model.run(x[:0]).shape == outputs(graph, x[:0]).shape
    with pytest.raises(ModelError) as error:
        model.run(x[:2].reshape(2, -1)[:, 1:])
    assert "x must be integers of shape (samples, " in str(error.value)
    with pytest.raises(ModelError) as error:
        model.run(np.full_like(x[:1], 99))
    assert str(error.value) == (
        f"{graph.name}: x must hold values of {graph.input.type}, not 99 to 99"
    )


def test_a_folder_without_cpp_is_refused(tmp_path):
    with pytest.raises(ModelError) as error:
        CppModel(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: must have C++ in hls/; build the design again with `hwgen build --hls`"
    )
