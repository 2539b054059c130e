"""A damaged netlist is never proved, unless the damage changes no value.

Random damage is done to Yosys' JSON; what the prover still accepts is run on random inputs and
must give what the sound netlist gives.
"""

import copy
from functools import cache

import numpy as np
import pytest

from hwgen.network_file import load_network
from hwgen.prove.netlist.boolean import Samples, packed
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.pipeline import pipeline_of
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.netlist.walk import Walk
from hwgen.prove.run import prove_netlist
from tests.prove.designs import shared
from tests.tiny_nets import random_inputs

SAMPLES = 500


@cache
def sound(target, pipeline):
    """Folder contents, netlist, inputs as nets and what comes out of the last unit."""
    folder, _ = shared(target, pipeline)
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    x = random_inputs(load_network(folder / "network.npz"), SAMPLES)
    bits = design.graph.input.type.bits
    nets = [packed(x[:, column] >> bit & 1) for column in range(x.shape[1]) for bit in range(bits)]
    return design, netlist, nets, outputs(design, netlist, nets)


def pipelines(design):
    """Give the units that compute, without an output buffer behind them.

    Of that the proof covers only where each bit comes from: see tests/prove/test_refusals.py.
    """
    kinds = zip(design.units, design.kinds, strict=True)
    return [unit for unit, kind in kinds if kind != "OutputBuffer"]


def outputs(design, netlist, payload):
    """Run all units that compute on samples."""
    for name in pipelines(design):
        module = Module(name, netlist[name])
        algebra = Samples(module, SAMPLES)
        pipeline = pipeline_of(module)
        leaves = dict(zip(module.port("i__payload"), payload, strict=True))
        walk = Walk(module, pipeline.registers, leaves, algebra.constants, algebra.rule)
        payload = walk.word(module.port("o__payload"), pipeline.latency)
    return payload


def damaged(netlist, units, rng):
    """A copy with one thing changed in one cell of one unit, and a word on it."""
    unit = units[int(rng.integers(len(units)))]
    netlist = netlist | {unit: copy.deepcopy(netlist[unit])}
    cells = {n: c for n, c in netlist[unit]["cells"].items() if c["connections"]}
    name = str(rng.choice(sorted(cells)))
    cell = cells[name]
    wires = cell["connections"]
    inputs = [p for p, way in cell["port_directions"].items() if way == "input" and wires[p]]
    port = str(rng.choice(sorted(inputs)))
    word = cell["connections"][port]
    place = int(rng.integers(len(word)))
    match int(rng.integers(6)):
        case 0 if cell["type"] in ("$add", "$sub"):
            cell["type"] = "$sub" if cell["type"] == "$add" else "$add"
        case 1 if cell["type"] in ("$mux", "$gt", "$sub"):
            wires["A"], wires["B"] = wires["B"], wires["A"]
            parameters = cell["parameters"]
            if "A_WIDTH" in parameters:
                widths = parameters["A_WIDTH"], parameters["B_WIDTH"]
                parameters["B_WIDTH"], parameters["A_WIDTH"] = widths
        case 2:
            word[place] = str(rng.integers(2))
        case 3:
            word.insert(0, "0")
            word.pop()
        case 4:
            word[place] = word[int(rng.integers(len(word)))]
        case _:
            other = cells[str(rng.choice(sorted(cells)))]["connections"]
            nets = [net for nets in other.values() for net in nets]
            word[place] = nets[int(rng.integers(len(nets)))]
    return netlist, f"{name} {port}[{place}]"


@pytest.mark.parametrize(
    ("target", "pipeline"),
    [pytest.param("xc7", "2", marks=pytest.mark.slow), ("ecp5", "1"), ("ice40", "none")],
)
def test_nothing_is_proved_that_changes_a_value(target, pipeline):
    design, netlist, nets, expected = sound(target, pipeline)
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(150):
        mutant, what = damaged(netlist, pipelines(design), rng)
        certificate = prove_netlist(design, mutant, "", lambda _: None)
        if certificate.proved:
            assert outputs(design, mutant, nets) == expected, what
        refused += not certificate.proved
    assert refused > 75


@pytest.mark.parametrize(("target", "pipeline"), [("xc7", "2"), ("ecp5", "1"), ("ice40", "none")])
def test_the_sound_netlist_is_proved(target, pipeline):
    design, netlist, _, _ = sound(target, pipeline)
    assert prove_netlist(design, netlist, "", lambda _: None).problem is None
