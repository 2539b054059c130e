"""What design.json tells drivers of the ports must be what is proved."""

import json

import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from tests.tiny_graphs import GraphNet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A design on maps."""
    folder = tmp_path_factory.mktemp("described") / "design"
    graph = GraphNet(0, (1, 3, 4)).same(2).act().graph()
    build(graph, BuildOptions(style="unrolled", effort="low"), folder)
    return folder


@pytest.mark.parametrize(
    ("port", "field", "told", "problem"),
    [
        ("s_axis", "image", [4, 3], "ports.s_axis.image must be (3, 4), not (4, 3)"),
        ("s_axis", "image", [1, 1], "ports.s_axis.image must be (3, 4), not (1, 1)"),
        ("s_axis", "type", "s4", "ports.s_axis.type must be u3, not s4"),
        ("m_axis", "image", [12, 1], "ports.m_axis.image must be (3, 4), not (12, 1)"),
        ("m_axis", "image", [3, 4], None),
    ],
)
def test_another_order_of_elements_is_not_proved(folder, port, field, told, problem):
    path = folder / "design.json"
    text = path.read_text()
    document = json.loads(text)
    document["ports"][port][field] = told
    path.write_text(json.dumps(document))
    try:
        found = prove(folder)
    finally:
        path.write_text(text)
    assert found.proved == (problem is None)
    assert found.problem == (None if problem is None else f"design.json: {problem}")
