"""Networks as other tools write them: the plan gives what the reference gives."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.ir import Graph, Input, MaxPool2d, Threshold
from hwgen.ir.subpixel import with_subpixels
from hwgen.numeric import IntType
from hwgen.plan.check.plan import check_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import design_vectors
from tests.imported_nets import imported_net, multiples
from tests.tiny_maps import MapNet, random_folding


def check(graph, **options):
    plan = plan_design(graph, BuildOptions(effort="low", **options))
    design_vectors(plan, graph, random=8)  # compares with the reference, or raises
    built = with_subpixels(graph, plan.subpixel)
    check_plan(plan, built, layers_of(built), "plan.json")
    return plan


def check_random(seed):
    folding = random_folding(seed) if seed % 2 else {}
    check(imported_net(seed), style="folded" if seed % 2 else "unrolled", **folding)


@pytest.mark.parametrize("seed", range(40))
def test_random_nets_give_what_the_reference_gives(seed):
    check_random(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 640))
def test_many_random_nets_give_what_the_reference_gives(seed):
    check_random(seed)


@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("seed", range(3))
def test_sums_of_multiples(seed, style):
    check(multiples(seed), style=style)


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_value_beside_the_image_that_a_channel_never_has(style):
    """Lanes hold it all the same, and what can be inside and beside is not mixed."""
    net = MapNet(0, (2, 4, 3)).conv(2, (1, 1))
    steps = np.array([[-9, 0, 99], [-9, 0, 1]])  # channel 0 is 1 or 2
    net.add(
        Threshold(name="act", inputs=(net.source,), thresholds=steps, output=IntType.parse("u2"))
    )
    net.conv(2, (3, 3), padding=(1, 1), padding_value=3).act()
    graph = net.graph()
    plan = check(graph, style=style)
    stages = [s for s in plan.stages if "conv2" in s.name]
    if style == "unrolled":
        edited = replace(stages[0], beside=(3, 2))
        message = "what they show beside the image; undo the edit"
    else:
        edited = replace(stages[0], lines=replace(stages[0].lines, beside=0))
        message = "lines.beside: must be that of conv2's windows, 3; undo the edit"
    wrong = tuple(edited if s is stages[0] else s for s in plan.stages)
    with pytest.raises(PlanError, match=message):
        check_plan(replace(plan, stages=wrong), graph, layers_of(graph), "plan.json")


def test_a_pooling_whose_first_window_ends_beside_the_image():
    node = MaxPool2d(
        name="pool", inputs=("input",), kernel_size=(3, 3), stride=(1, 1), padding=(0, 0, 2, 2)
    )
    image = Input(shape=(1, 2, 2), type=IntType.parse("u2"))
    graph = Graph(name="net", input=image, nodes=(node,), output="pool")
    with pytest.raises(PlanError) as caught:
        plan_design(graph, BuildOptions())
    assert str(caught.value) == (
        "pool: hardware needs windows of which the first ends in the image (2, 2), not (3, 3) "
        "padded by (0, 0, 2, 2); take a smaller kernel"
    )
