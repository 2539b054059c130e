"""Proofs of thresholds that are computed from a start and a step, sound and damaged."""

from dataclasses import replace

import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.serial_threshold import Ramp
from hwgen.plan.stages.stage import SerialThreshold
from hwgen.prove.run import prove
from tests.tiny_nets import wide_network

NETS = {
    "few values": {"inputs": "u3", "codes": "u3", "weight_bits": 4},
    "signed": {"inputs": "s6", "codes": "s4", "weight_bits": 5},
    "many values": {"inputs": "u12", "codes": "u4", "weight_bits": 10},
    "long codes of many values": {"inputs": "s8", "codes": "u8", "weight_bits": 9},
}


def built(folder, net, price):
    options = BuildOptions(
        style="folded", effort="low", requantization="multiply", luts_per_bram=price
    )
    plan = build(wide_network(widths=(3, 5, 2), **net), options, folder)
    return plan, next(stage for stage in plan.stages if isinstance(stage, SerialThreshold))


@pytest.mark.parametrize("price", [0, 10**6], ids=["block", "lut"])
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_computed_thresholds_are_proved(tmp_path, net, price):
    _, stage = built(tmp_path / "design", net, price)
    assert stage.ramps is not None
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_a_start_or_a_step_of_another_line_is_refused(tmp_path, net):
    folder = tmp_path / "design"
    plan, stage = built(folder, net, 10**6)
    ramps = stage.ramps
    ramp = ramps.rows[0][0]
    above = 1 << ramps.fraction
    for wrong in (
        Ramp(start=ramp.start + above, step=ramp.step),
        Ramp(start=ramp.start - above, step=ramp.step),
        Ramp(start=ramp.start, step=ramp.step + above),
        ramps.rows[0][-1],
    ):
        rows = ((wrong, *ramps.rows[0][1:]), *ramps.rows[1:])
        damaged = replace(stage, ramps=replace(ramps, rows=rows))
        stages = tuple(damaged if s is stage else s for s in plan.stages)
        (file,) = folder.glob("*.v")
        file.write_text(verilog_of(replace(plan, stages=stages)))
        problem = prove(folder).problem
        assert problem is not None
        assert "and is not" in problem
