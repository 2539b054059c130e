"""Folded convolutions go through Yosys for every target, whatever its memories are."""

import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.synth.run import synthesise
from hwgen.synth.targets import TARGETS
from tests.tiny_maps import MapNet


@pytest.mark.parametrize(
    "target",
    [pytest.param(name, marks=[pytest.mark.slow] if name == "ice40" else []) for name in TARGETS],
)
def test_a_folded_convolution_is_mapped(tmp_path, target):
    """The open words of its ring lie in LUTs, or in registers where LUTs hold no memory."""
    net = MapNet(0, (4, 6, 6), "u4").conv(4, (3, 3), padding=(1, 1)).act("u4").graph()
    options = BuildOptions(style="folded", pe=2, pixels=2, target=target, effort="low")
    build(net, options, tmp_path / "out")
    assert 100 < synthesise(tmp_path / "out", target).luts < 3000
