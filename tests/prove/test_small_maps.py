"""Networks whose maps are only moved: enlarged, read as a vector; and lanes narrower than sums."""

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.ir import Add, PixelShuffle, Threshold
from hwgen.numeric import IntType, Range
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import Enlarger
from hwgen.prove.run import prove
from hwgen.prove.units.window import is_lane
from hwgen.prove.views import Channel
from tests.tiny_graphs import GraphNet
from tests.tiny_maps import MapNet
from tests.tiny_nets import conv2d


def sums_larger():
    """Sums of unlike ranges, which an enlargement shows as narrow as they are."""
    net = GraphNet(3, (2, 3, 2), "u2")
    weight = np.array([1, 1, 1, 2]).reshape(2, 2, 1, 1)
    net.add(conv2d("conv", "input", weight, net.tensor.range)).larger(2)
    steps = np.array([[1, 2, 3], [1, 2, 3]])
    act = Threshold(name="act", inputs=(net.source,), thresholds=steps, output=IntType.parse("u2"))
    return net.add(act).graph()


NETS = {
    "larger": lambda: GraphNet(1, (1, 3, 2), "u2").larger(2).graph(),
    "larger, in steps": lambda: GraphNet(1, (1, 3, 2), "s3").larger(2).act("u2").graph(),
    "shuffled": lambda: GraphNet(1, (4, 3, 2), "u2").larger(2, kind=PixelShuffle).graph(),
    "largest element": lambda: MapNet(1, (2, 3, 2), "u2").flatten().argmax().graph(),
    "sums larger": sums_larger,
}


@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("name", NETS)
def test_maps_that_are_only_moved_are_proved(tmp_path, name, style):
    plan = build(NETS[name](), BuildOptions(style=style, effort="low"), tmp_path / "design")
    assert prove(tmp_path / "design").problem is None
    if (name, style) == ("sums larger", "unrolled"):
        (unit,) = [stage for stage in plan.stages if isinstance(stage, Enlarger)]
        widths = [[lane.bits for lane in s.lanes] for s in (unit.inputs, unit.outputs)]
        assert widths == [[4, 4], [3, 4]]


def test_zeros_that_dense_mode_multiplies_by_are_proved(tmp_path):
    """Two groups of two channels, and an addition, in registers of 24 bits."""
    net = GraphNet(1, (4, 4, 3)).act("u2")
    start = net.source
    net.conv(4, (3, 3), groups=2, padding=(1, 1), density=0.5).act("u2")
    graph = net.join(Add, net.source, start).act("u2").graph()
    options = BuildOptions(style="folded", pe=2, pixels=1, skip=False, accumulator="24")
    build(graph, options, tmp_path / "design")
    assert prove(tmp_path / "design").problem is None


@pytest.mark.parametrize(
    ("limits", "bits", "right"),
    [
        (Range(0, 7), [0, 1, 2], True),  # less the upper bit, which is always 0
        (Range(0, 8), [0, 1, 2], False),
        (Range(-4, 3), [0, 1, 2], True),
        (Range(-5, 3), [0, 1, 2], False),
        (Range(-4, 3), [0, 1, 2, 3, 3], True),
        (Range(0, 7), [0, 2, 1], False),
    ],
)
def test_a_lane_has_the_bits_of_its_limits(limits, bits, right):
    pixels = np.array([0, 0, 1, 1])
    columns = np.tile(pixels, (len(bits), 1))
    channel = Channel(limits=limits, bits=4)
    assert is_lane(columns, np.array(bits), channel, pixels, 0) == right
