"""Proofs of networks that end in sums or signs, and of bipolar ones."""

import pytest

from hwgen.flow import build
from hwgen.nn import WeightQuant, export_graph
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from tests.nn.bipolar_networks import bipolar_net

UNROLLED = BuildOptions(style="unrolled", effort="low", pipeline="1")
FOLDED = BuildOptions(style="folded", pe=2, simd=2)


@pytest.mark.parametrize(
    ("result", "options"),
    [("argmax", FOLDED), ("sums", UNROLLED), ("sign", FOLDED)],
    ids=["argmax folded", "sums unrolled", "signs folded"],
)
def test_the_verilog_is_the_network(tmp_path, result, options):
    last = WeightQuant(bits=1, scale="tensor" if result == "argmax" else "channel")
    net = bipolar_net(features=6, hidden=(5,), rows=4, last=last, bias=True)
    graph = export_graph(net, name="net", input_shape=(6,), result=result)
    build(graph, options, tmp_path / "design")
    certificate = prove(tmp_path / "design")
    assert certificate.proved, certificate.problem
