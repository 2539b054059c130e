"""Windows of maps of which some channels are read by no weight."""

import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from tests.tiny_maps import MapNet
from tests.tiny_nets import conv2d


def built(folder, unread, *, behind=False):
    """Build a padded convolution of four channels, of which some are not read."""
    net = MapNet(1, (4, 4, 4))
    if behind:
        net.conv(4, (1, 1), density=1).act()
    weight = net.rng.integers(1, 4, (3, 4, 3, 3))
    weight[:, unread] = 0
    net.add(conv2d("c", net.source, weight, net.tensor.range, padding=(1, 1))).act()
    build(net.graph(), BuildOptions(style="unrolled", effort="low"), folder)
    return folder


@pytest.mark.parametrize("behind", [False, True], ids=["at the input", "behind a layer"])
@pytest.mark.parametrize("unread", [[0], [1], [3], [1, 2], [0, 2]], ids=str)
def test_a_map_of_which_channels_are_not_read_is_proved(tmp_path, unread, behind):
    assert prove(built(tmp_path / "design", unread, behind=behind)).problem is None


@pytest.mark.parametrize(("own", "other"), [("[2:0]", "[5:3]"), ("[11:6]", "[10:5]")])
def test_a_channel_in_place_of_another_is_refused(tmp_path, own, other):
    folder = built(tmp_path / "design", [1])
    (file,) = folder.glob("*.v")
    text = file.read_text()
    pin = f" (i__payload{own})"
    assert text.count(pin) == 1
    file.write_text(text.replace(pin, f" (i__payload{other})"))
    assert prove(folder).problem is not None
