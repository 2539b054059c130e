"""The words of generated C++: all of them are known, also those of large constants."""

import pytest

from hwgen.prove.cpp.words import check_words
from hwgen.prove.netlist.netlist import NotProvedError
from tests.hls.designs import planned, written
from tests.random_graphs import random_graph
from tests.tiny_nets import network

OPTIONS = ({"style": "unrolled"}, {"style": "folded", "pe": 2}, {"style": "folded", "simd": 4})


def files(graph, folder, **options):
    plan = planned(graph, **options)
    written(graph, plan, folder / "hls")
    return *((folder / "hls" / f"{plan.name}.{kind}").read_text() for kind in ("h", "cpp")), plan


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("options", OPTIONS)
def test_graphs_have_no_other_words(tmp_path, seed, options):
    header, code, plan = files(random_graph(seed), tmp_path, **options)
    check_words(header, code, plan.name)


def test_large_constants_are_numbers(tmp_path):
    graph = network(3, widths=(40, 30, 5))
    header, code, plan = files(graph, tmp_path, style="folded", pe=2, simd=4)
    assert "LL" in code
    check_words(header, code, plan.name)
    with pytest.raises(NotProvedError, match="must write numbers as integers, not 1u"):
        check_words(header, code.replace("LL", "LL + 1u", 1), plan.name)
