"""Folded units that take large weights in several steps are proved, a part too few is refused."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import FoldedDense
from hwgen.prove.run import prove
from tests.tiny_maps import MapNet


class FewLarge(MapNet):
    """A chain whose weights are 1 and -1, but for two of 3."""

    def weights(self, shape, density=0.6, top=3):
        weight = super().weights(shape, 1, top=1)
        places = np.argwhere(weight)[::130]
        weight[tuple(places.T)] *= 3
        return weight


def largest(unit):
    return max(abs(weight) for element in unit.elements for weight in element.weights)


@pytest.mark.parametrize("options", [{"pe": 2}, {"pe": 3, "pixels": 2}], ids=str)
def test_a_sound_design_is_proved_and_a_part_too_few_is_refused(tmp_path, options):
    chain = FewLarge(2, (5, 4, 4)).conv(8, (3, 3), padding=(1, 1)).act()
    graph = chain.conv(10, (2, 2)).act().graph()
    plan = build(graph, BuildOptions(style="folded", **options), tmp_path / "design")
    units = [stage for stage in plan.stages if isinstance(stage, FoldedDense)]
    assert [np.abs(node.weight).max() for node in graph.nodes[::2]] == [3, 3]
    assert [largest(unit) for unit in units] == [1, 1]
    assert prove(tmp_path / "design").problem is None

    element = units[1].elements[0]
    twice = [
        k
        for k, (weight, following) in enumerate(pairwise(element.weights))
        if weight == following != 0 and element.slots[k] == element.slots[k + 1]
    ]
    step = twice[0]
    weights = (*element.weights[:step], 0, *element.weights[step + 1 :])
    damaged = replace(
        units[1], elements=(replace(element, weights=weights), *units[1].elements[1:])
    )
    stages = tuple(damaged if stage is units[1] else stage for stage in plan.stages)
    (file,) = (tmp_path / "design").glob("*.v")
    file.write_text(verilog_of(replace(plan, stages=stages)))
    assert prove(tmp_path / "design").problem is not None
