"""Networks as other tools write them are proved, and none that is another network."""

import dataclasses
from pathlib import Path
from tempfile import mkdtemp

import pytest

from hwgen.flow import build
from hwgen.ir import Add, Argmax, Conv2d, MaxPool2d
from hwgen.plan.options import BuildOptions
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove_netlist
from tests.imported_nets import imported_net, multiples
from tests.tiny_maps import MapNet


def sound(graph, style):
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    build(graph, BuildOptions(style=style, effort="low"), folder)
    design = read_folder(folder)
    return design, read_netlist(folder, design)[0]


def problem(design, netlist):
    return prove_netlist(design, netlist, "", lambda _: None).problem


def check_random(seed, style):
    make = multiples if seed % 7 == 0 else imported_net
    assert problem(*sound(make(seed), style)) is None


@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("seed", [7, *range(8, 14), 65])
def test_random_nets_are_proved(seed, style):
    check_random(seed, style)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_random_nets_are_proved(seed, style):
    check_random(seed, style)


def padded():
    """A maximum and a convolution with padding, multiples, and labels."""
    net = MapNet(3, (2, 4, 3), "s3").pool("max", (2, 2), (2, 1), padding=(1, 0, 1, 1))
    net.conv(3, (2, 2), density=1, padding=(0, 1, 1, 0), padding_value=-3).act("u2", shared=True)
    return net.flatten().dense(3, density=1).argmax((5, 0, 2)).graph()


OTHERS = {
    "value beside": (Conv2d, {"padding_value": -2}),
    "side": (Conv2d, {"padding": (1, 1, 0, 0)}),
    "pool's side": (MaxPool2d, {"padding": (1, 1, 1, 0)}),
    "labels": (Argmax, {"labels": (5, 2, 0)}),
    "no labels": (Argmax, {"labels": None}),
}


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_network_that_is_another_is_not_what_was_built(style):
    design, netlist = sound(padded(), style)
    assert problem(design, netlist) is None
    for what, (kind, change) in OTHERS.items():
        nodes = tuple(
            dataclasses.replace(node, **change) if isinstance(node, kind) else node
            for node in design.graph.nodes
        )
        other = dataclasses.replace(design.graph, nodes=nodes)
        assert problem(dataclasses.replace(design, graph=other), netlist) is not None, what


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_other_multiples_are_not_what_was_built(style):
    design, netlist = sound(multiples(0), style)
    (node,) = (n for n in design.graph.nodes if isinstance(n, Add))
    swapped = dataclasses.replace(node, multipliers=node.multipliers[::-1])
    assert node.multipliers[0] != node.multipliers[1]
    nodes = tuple(swapped if n is node else n for n in design.graph.nodes)
    other = dataclasses.replace(design.graph, nodes=nodes)
    assert problem(dataclasses.replace(design, graph=other), netlist) is not None
