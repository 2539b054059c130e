"""Thresholds that are searched or computed, against comparisons, with stalls and resets."""

import numpy as np
import pytest

from hwgen.plan.execute import run_stage
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import SerialThreshold
from tests.rtl.drive import random_frames, run, words
from tests.tiny_nets import wide_network

FRAMES = 12


def thresholds(requantization, price, **net):
    options = BuildOptions(
        style="folded", effort="low", requantization=requantization, luts_per_bram=price
    )
    plan = plan_design(wide_network(widths=(3, 9, 2), **net), options)
    return next(stage for stage in plan.stages if isinstance(stage, SerialThreshold))


@pytest.mark.parametrize("requantization", ["diagram", "multiply"])
@pytest.mark.parametrize(("price", "kind"), [(0, "block"), (10**6, "lut")])
@pytest.mark.parametrize(
    "net",
    [
        {"inputs": "u4", "codes": "u4", "weight_bits": 4},
        {"inputs": "s6", "codes": "s3", "weight_bits": 5},
        {"inputs": "u3", "codes": "u2", "weight_bits": 3},
        {"inputs": "s8", "codes": "u8", "weight_bits": 8},
    ],
)
def test_codes_are_those_of_the_plan(requantization, price, kind, net):
    stage = thresholds(requantization, price, **net)
    assert (stage.ramps is None) == (requantization == "diagram")
    assert stage.groups > 1
    assert stage.ramps is None or stage.memories == (kind,)
    frames = random_frames(stage.inputs, FRAMES, 1)
    wanted = run_stage(stage, frames.reshape(FRAMES, -1)).reshape(FRAMES * stage.inputs.beats, -1)
    given = words(frames, stage.inputs)
    for stalls, reset in (((0.0, 0.0), None), ((0.4, 0.4), None), ((0.2, 0.3), 9)):
        expected = words(wanted, stage.outputs)
        found, cycles = run(stage, given, len(expected), stalls=stalls, reset_at=reset)
        assert found == expected
        if stalls == (0.0, 0.0):
            assert np.all(np.diff(cycles) == 1)
