"""A damaged netlist of a design on maps is never proved, unless it still gives the same frames."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove_netlist
from tests.prove.map_simulation import differs, frames_of
from tests.prove.test_mutants import damaged
from tests.tiny_maps import MapNet

PARTS = ("window", "pool", "wide", "fifo", "queue")


def strided():
    """A window that strides over a padded map, and a pooling whose windows overlap."""
    net = MapNet(3, (2, 5, 4), "u2").conv(2, (3, 3), stride=(2, 1), padding=(1, 1)).act("u2")
    return net.pool("max", (2, 2), (1, 1)).graph()


def pooled():
    """Poolings side by side, the largest and the sum, and a vector behind them."""
    net = MapNet(5, (2, 5, 5), "s2").pool("max", (2, 2)).conv(2, (2, 2), padding=(1, 1)).act("u2")
    return net.pool("sum", (2, 3), (2, 3)).flatten().dense(3).argmax().graph()


NETS = {"strided": strided, "pooled": pooled}


@cache
def sound(name, target):
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    build(NETS[name](), BuildOptions(style="unrolled", target=target, effort="low"), folder)
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    return design, netlist, *frames_of(design)


@pytest.mark.parametrize("name", NETS)
def test_the_sound_netlist_is_proved_and_gives_the_frames_of_the_network(name):
    design, netlist, beats, expected = sound(name, "ecp5")
    assert prove_netlist(design, netlist, "", lambda _: None).problem is None
    assert not differs(netlist, design, beats, expected)


def check(name, target, seed, count, parts):
    """Damage units whose names have one of `parts`."""
    design, netlist, beats, expected = sound(name, target)
    units = [u for u in netlist if u != design.top and any(part in u for part in parts)]
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(count):
        mutant, what = damaged(netlist, units, rng)
        certificate = prove_netlist(design, mutant, "", lambda _: None)
        if certificate.proved:
            assert not differs(mutant, design, beats, expected), what
        refused += not certificate.proved
    assert refused > count // 3


@pytest.mark.parametrize("name", NETS)
def test_no_damage_to_windows_and_poolings_is_proved_that_changes_a_frame(name):
    check(name, "ecp5", 1, 20, PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [PARTS, ("",)], ids=["windows", "chains"])
@pytest.mark.parametrize("target", ["xc7", "ecp5", "ice40"])
@pytest.mark.parametrize("name", NETS)
def test_no_damage_is_proved_that_changes_a_frame(name, target, parts):
    check(name, target, 7, 60, parts)
