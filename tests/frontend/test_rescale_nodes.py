"""Multiplier and shift as thresholds, and what is refused."""

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.flow import build
from hwgen.frontend.document import from_document, to_document
from hwgen.frontend.rescale import FARTHEST, thresholds
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from hwgen.reference import outputs
from tests.tiny_nets import network, random_inputs


def with_rescale(nested=False, **changes):
    """Give a document whose first threshold is a rescale, and that node."""
    document = to_document(network(4, widths=(6, 4, 3), codes="u6", argmax=False))
    scale = {
        "multiplier": np.array([3, 1, 25, 7]),
        "shift": np.array([2, 3, 5, 4]),
        "offset": np.array([-40, 5, 0, 100]),
    } | changes
    node = document["nodes"][1]
    del node["thresholds"]
    node |= {"rescale": scale} if nested else {"op": "rescale", **scale}
    return document


@pytest.mark.parametrize("kind", ["u1", "u4", "s4"])
@pytest.mark.parametrize(("multiplier", "shift"), [(1, 0), (1, 4), (5, 3), (77, 9), (9, 0)])
@pytest.mark.parametrize("offset", [0, 3, -250])
def test_thresholds_are_the_clipped_product_at_every_value(kind, multiplier, shift, offset):
    output = IntType.parse(kind)
    found = thresholds(multiplier, shift, offset, output)
    for x in range(-600, 600):
        code = min(max((multiplier * x + offset) >> shift, output.lo), output.hi)
        assert output.lo + sum(x >= t for t in found) == code


def test_thresholds_beyond_every_sum_fit_64_bits():
    found = thresholds(1, 62, 0, IntType.parse("s8"))
    assert min(found) == -FARTHEST
    assert max(found) == FARTHEST


@pytest.mark.parametrize("nested", [False, True])
def test_a_network_with_a_rescale_gives_its_products(nested):
    graph = from_document(with_rescale(nested), "net")
    x = random_inputs(graph, 50)
    dense, rescale = graph.nodes[:2]
    sums = x @ dense.weight.T + dense.bias
    products = sums * [3, 1, 25, 7] + [-40, 5, 0, 100] >> np.array([2, 3, 5, 4])
    codes = np.clip(products, 0, 63)
    last = graph.nodes[2]
    assert rescale.thresholds.shape == (4, 63)
    assert np.array_equal(outputs(graph, x), codes @ last.weight.T + last.bias)


def test_a_rescale_is_built_and_proved(tmp_path):
    graph = from_document(with_rescale(), "net")
    build(graph, BuildOptions(style="unrolled", target="ecp5", effort="low"), tmp_path / "design")
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"multiplier": np.array([3, 1, -25, 7])},
            "net: nodes[1]: act0: multiplier must be at least 1 in every channel, not -25; negate "
            "the channel's weights instead",
        ),
        (
            {"shift": np.array([2, 3, 5, 63])},
            "net: nodes[1]: act0: shift must be 0 to 62, not 63",
        ),
        (
            {"offset": np.array([1, 2])},
            "net: nodes[1]: act0: multiplier, shift and offset must have one shape, (channels,), "
            "not (4,), (4,) and (2,); export the model again",
        ),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ModelError) as caught:
        from_document(with_rescale(**changes), "net")
    assert str(caught.value) == message
