"""Proofs of thresholds that are computed from a start and a step, sound and damaged."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.ir import Graph, Input, Threshold
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.serial_threshold import Ramp
from hwgen.plan.stages.stage import SerialThreshold
from hwgen.prove.run import prove
from tests.tiny_nets import dense, wide_network

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


@pytest.mark.parametrize("choice", ["auto", "multiply"])
@pytest.mark.parametrize(
    ("weight", "inputs", "codes"),
    [
        (np.zeros((4, 3)), "s4", "u4"),
        (np.ones((1, 1)), "u1", "u4"),
        (-np.ones((3, 1)), "u1", "u8"),
        (np.zeros((5, 2)), "u4", "s8"),
    ],
    ids=["zeros", "one row and column", "falling", "zeros and long codes"],
)
def test_lines_of_few_sums_are_proved(tmp_path, weight, inputs, codes, choice):
    """Thresholds that none or all of the sums reach need few bits, or none."""
    kind, code = IntType.parse(inputs), IntType.parse(codes)
    layer = dense("dense0", "input", weight, kind.range)
    places = np.arange(code.range.span) // 40 - 2 + np.arange(len(weight))[:, None] % 2
    nodes = (layer, Threshold(name="act", inputs=("dense0",), thresholds=places, output=code))
    source = Input(shape=(weight.shape[1],), type=kind)
    graph = Graph(name="few", input=source, nodes=nodes, output="act", metadata={})
    options = BuildOptions(style="folded", effort="low", pe=1, requantization=choice)
    plan = build(graph, options, tmp_path / "design")
    stage = next(stage for stage in plan.stages if isinstance(stage, SerialThreshold))
    assert choice == "auto" or stage.ramps is not None
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(net, id=name, marks=[pytest.mark.slow] if name.startswith("long") else [])
        for name, net in NETS.items()
    ],
)
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
