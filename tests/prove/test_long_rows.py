"""Designs whose long rows have PEs of more lanes: what is changed in one of them is not proved."""

import dataclasses

import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from tests.tiny_nets import network


def changed(stage, change):
    """The unit with other weights in the PE of most lanes."""
    index = max(range(len(stage.elements)), key=lambda k: len(stage.elements[k].weights))
    weights = list(stage.elements[index].weights)
    change(weights, next(k for k, weight in enumerate(weights) if weight))
    elements = list(stage.elements)
    elements[index] = dataclasses.replace(elements[index], weights=tuple(weights))
    return dataclasses.replace(stage, elements=tuple(elements))


def dropped(weights, place):
    weights[place] = 0


def added_twice(weights, place):
    weights[place] *= 2


MUTANTS = {
    "a part dropped": lambda stage: changed(stage, dropped),
    "a part added twice": lambda stage: changed(stage, added_twice),
    "rows in another order": lambda stage: dataclasses.replace(
        stage, turns=(*stage.turns[1:], stage.turns[0])
    ),
}


@pytest.mark.parametrize("mutate", MUTANTS.values(), ids=MUTANTS)
def test_a_changed_design_is_not_proved(tmp_path, mutate):
    net = network(1, widths=(12, 8), density=0.1, argmax=False, long_row=True)
    plan = build(net, BuildOptions(style="folded", pe=4, simd=1), tmp_path / "d")
    stage = plan.stages[0]
    assert len({part.lanes for part in stage.pe_sets}) > 1
    assert prove(tmp_path / "d").proved
    stages = (mutate(stage), *plan.stages[1:])
    text = verilog_of(dataclasses.replace(plan, stages=stages))
    (tmp_path / "d" / f"{plan.name}.v").write_text(text)
    assert not prove(tmp_path / "d").proved
