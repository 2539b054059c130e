"""What leaves a folded design beside its outputs, where these do not fill the last beat."""

import numpy as np
import pytest

from hwgen.plan.execute import run_plan
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import PADDING
from tests.tiny_nets import network, random_inputs


@pytest.mark.parametrize(("pe", "simd"), [(2, 3), (3, 2), (4, 3)])
def test_padding_is_0(pe, simd):
    """A PE that has no row left may hold anything, here the start of its other rows."""
    graph = network(10, widths=(12, 9, 5), inputs="s4", codes="s2", argmax=False, density=0.9)
    plan = plan_design(graph, BuildOptions(style="folded", pe=pe, simd=simd, effort="low"))
    padding = np.array(plan.outputs.order) == PADDING
    assert not run_plan(plan, random_inputs(graph, 20))[-1][:, padding].any()
