"""Requantization by multiplication, proved from the Verilog; a damaged product is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.requantizers import Rescale
from hwgen.plan.stages.stage import ParallelThreshold
from hwgen.prove.run import prove
from tests.tiny_nets import affine_network


def options(target, **more):
    return BuildOptions(
        style="unrolled", target=target, effort="low", requantization="multiply", **more
    )


def products(plan):
    stages = [stage for stage in plan.stages if isinstance(stage, ParallelThreshold)]
    return [c for stage in stages for c in stage.channels if isinstance(c, Rescale)]


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("xc7", {"pipeline": "none"}),
        ("ice40", {"pipeline": "2"}),
        ("ecp5", {"clock_mhz": 120.0}),
        ("ecp5", {"accumulator": "signed"}),
        ("ice40", {"accumulator": "20", "pipeline": "none"}),
    ],
)
@pytest.mark.parametrize("codes", ["u5", "s4"])
def test_products_are_proved(tmp_path, target, more, codes):
    assert IntType.parse(codes).bits > 3
    plan = build(affine_network(codes=codes), options(target, **more), tmp_path / "design")
    assert len(products(plan)) >= 4
    assert prove(tmp_path / "design").problem is None


def damaged(channel, kind):
    if kind == "constant":
        return replace(channel, constant=channel.constant ^ (1 << channel.shift))
    if kind == "digit":
        first, *rest = channel.digits
        return replace(channel, digits=(first._replace(shift=first.shift + 1), *rest))
    codes = channel.steps.codes
    return replace(channel, steps=replace(channel.steps, codes=(*codes[1:], codes[-1])))


@pytest.mark.parametrize("kind", ["constant", "digit", "codes"])
def test_a_damaged_product_is_refused(tmp_path, kind):
    graph, asked = affine_network(argmax=True), options("ecp5", pipeline="none")
    folder = tmp_path / "design"
    build(graph, asked, folder)
    plan = plan_design(graph, asked)
    index, stage = next(
        (i, s) for i, s in enumerate(plan.stages) if isinstance(s, ParallelThreshold)
    )
    lane = next(i for i, c in enumerate(stage.channels) if isinstance(c, Rescale))
    channels = list(stage.channels)
    channels[lane] = damaged(channels[lane], kind)
    stages = list(plan.stages)
    stages[index] = replace(stage, channels=tuple(channels))
    (file,) = Path(folder).glob("*.v")
    file.write_text(verilog_of(replace(plan, stages=tuple(stages))))
    assert f"lane {lane}" in prove(folder).problem
