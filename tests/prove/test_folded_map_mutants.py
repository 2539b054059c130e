"""A damaged netlist of folded layers on a map is never proved, unless it gives the same frames.

Damage is random, to cells and to bits of the memories that nothing writes; what is still proved is
run on random frames.
"""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove_netlist
from tests.prove.test_folded_mutants import SAMPLES, case, flipped, sent
from tests.prove.test_mutants import damaged
from tests.tiny_maps import MapNet
from tests.tiny_nets import random_inputs

FRAMES = 3


def strided():
    """Planes, a halo on both sides, several rows, neighbours, and a channel that is never 0."""
    net = MapNet(5, (2, 4, 4), "u2").conv(2, (3, 3), stride=(1, 2), padding=(1, 1), density=0.5)
    return net.act("u1").graph(), {"pe": 2, "pixels": 2}


def chained():
    """A grouped convolution without padding, whose codes a second ring reads."""
    net = MapNet(3, (2, 4, 3), "s2").conv(2, (2, 2), groups=2, density=1).act("u1")
    return net.conv(2, (2, 1), padding=(1, 0), density=0.7).act("u1").graph(), {"pe": 2, "simd": 2}


NETS = {"strided": strided, "chained": chained}


@cache
def sound(name):
    """Folder contents, netlist, input beats and what comes out of the last unit."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    graph, options = NETS[name]()
    build(graph, BuildOptions(style="folded", effort="low", **options), folder)
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    kind, beats = graph.input.type, []
    for frame in range(FRAMES):
        pixels = np.moveaxis(random_inputs(graph, SAMPLES, seed=frame), 1, -1)
        pixels = pixels.reshape(SAMPLES, -1, pixels.shape[-1]).transpose(1, 2, 0)
        beats += [[case(lane >> bit & 1) for lane in p for bit in range(kind.bits)] for p in pixels]
    return design, netlist, beats, sent(design, netlist, beats)


def check(name, seed, count):
    design, netlist, beats, expected = sound(name)
    rng = np.random.default_rng(seed)
    refused = 0
    for number in range(count):
        change = flipped if number % 3 == 0 else damaged
        mutant, what = change(netlist, design.units, rng) or damaged(netlist, design.units, rng)
        certificate = prove_netlist(design, mutant, "", lambda _: None)
        if certificate.proved:
            assert sent(design, mutant, beats) == expected, what
        refused += not certificate.proved
    assert refused > count // 3


@pytest.mark.parametrize("name", NETS)
def test_nothing_is_proved_that_changes_a_frame(name):
    design, netlist, *_ = sound(name)
    assert prove_netlist(design, netlist, "", lambda _: None).problem is None
    check(name, 7, 8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", NETS)
def test_nothing_is_proved_that_changes_a_frame_often(name, seed):
    check(name, seed, 40)
