"""The comparators that requantization is measured against compute the same codes."""

import pytest

from bench.requantization.comparators import with_comparators
from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.plan.identifier import part_name
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import ParallelThreshold
from hwgen.simulate import simulate
from tests.tiny_nets import network


@pytest.fixture
def design(tmp_path):
    options = BuildOptions(style="unrolled", pipeline="none", requantization="diagram")
    graph = network(3, widths=(12, 6, 5), codes="u3", argmax=False)
    plan = build(graph, options, tmp_path)
    (stage,) = (item for item in plan.stages if isinstance(item, ParallelThreshold))
    return plan, stage, tmp_path


@pytest.mark.parametrize("kind", ["bank", "search"])
def test_the_design_with_comparators_equals_its_reference(design, kind):
    plan, stage, folder = design
    text = with_comparators(verilog_of(plan), part_name(plan.name, stage.name), stage, kind)
    (folder / f"{plan.name}.v").write_text(text)
    assert simulate(folder, simulator="icarus").passed
    wrong = text.replace("x >= ", "x > ")
    assert wrong != text
    (folder / f"{plan.name}.v").write_text(wrong)
    assert not simulate(folder, simulator="icarus").passed
