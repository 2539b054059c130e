"""A damaged folded netlist is never proved, unless the damage changes no value.

Random damage is done to Yosys' JSON: to cells, and to bits of the memories, which hold weights,
positions, row ends and thresholds. What the prover still accepts is run on random inputs.
"""

import copy
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from hwgen.ir import Dense
from hwgen.network_file import load_network
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import CaseBit, Source
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.boolean import packed
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove_netlist
from tests.prove.designs import folded
from tests.prove.test_mutants import damaged
from tests.tiny_nets import random_inputs

VECTORS, SAMPLES = 4, 128
MUTANTS = 70
DESIGNS = {
    "sparse": {"pe": 2, "simd": 1, "widths": (4, 3, 2), "inputs": "u2", "codes": "u2"},
    "dense": {"pe": 2, "simd": 2, "skip": False, "widths": (4, 3), "argmax": False},
    "distances": {"pe": 1, "widths": (16, 10), "density": 0.9, "inputs": "u1", "argmax": False},
    "one layer of sets": {"pe": 4, "density": 0.3, "widths": (4, 5), "inputs": "s2"},
}


@cache
def sound(name):
    """Folder contents, netlist, input beats and what comes out of the last unit."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    plan = folded(folder, 1, **DESIGNS[name])
    assert plan.stages[0].distances == (name == "distances")
    design = read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    graph = load_network(folder / "network.npz")
    bits, lanes = graph.input.type.bits, design.input_lanes
    beats = []
    for vector in range(VECTORS):
        x = random_inputs(graph, SAMPLES, seed=vector)
        x = np.pad(x, ((0, 0), (0, design.input_beats * lanes - x.shape[1])))
        beats += [
            [case(x[:, column] >> bit & 1) for column in range(k, k + lanes) for bit in range(bits)]
            for k in range(0, x.shape[1], lanes)
        ]
    return design, netlist, beats, outputs(design, netlist, beats)


def case(bits):
    """A bit that has another value in every sample."""
    return CaseBit(Source(0, 0, 0), packed(bits), SAMPLES)


def outputs(design, netlist, beats):
    """Run all units on samples, and give the vectors that leave."""
    beats = sent(design, netlist, beats)
    return [elements(design, beats[k : k + design.output_beats]) for k in starts(design, beats)]


def sent(design, netlist, beats):
    """Run all units on samples, each until nothing came out of it for long."""
    for name in design.units:
        module = Module(name, netlist[name])
        machine = Machine(module, netlist[name], Rules(module, ()))
        left, beats, quiet = list(beats), [], 0
        while quiet < 40:
            machine.set(module.port("i__valid"), (int(bool(left)),))
            if left:
                machine.set(module.port("i__payload"), left[0])
            machine.set(module.port("o__ready"), (1,))
            machine.settle()
            quiet += 1
            if machine.get(module.port("o__valid")) == (1,):
                beats.append(machine.get(module.port("o__payload")))
                quiet = 0
            if left and machine.get(module.port("i__ready")) == (1,):
                left.pop(0)
            machine.clock()
    return beats


def starts(design, beats):
    """Where each vector starts."""
    return range(0, len(beats), design.output_beats)


def elements(design, beats):
    """The bits of a vector of outputs, without those that only fill the last beat."""
    last = design.graph.nodes[-1]
    count = len(last.weight) if isinstance(last, Dense) else 1
    return sum(beats, ())[: count * design.output.bits]


def flipped(netlist, units, rng):
    """A copy with one bit changed in a memory that nothing writes, or None."""
    unit = units[int(rng.integers(len(units)))]
    cells = netlist[unit]["cells"].items()
    fixed = [n for n, c in cells if c["type"] == "$mem_v2" and not int(c["parameters"]["WR_PORTS"])]
    if not fixed:
        return None
    netlist = netlist | {unit: copy.deepcopy(netlist[unit])}
    name = str(rng.choice(fixed))
    parameters = netlist[unit]["cells"][name]["parameters"]
    bits = list(parameters["INIT"])
    place = int(rng.integers(len(bits)))
    bits[place] = "0" if bits[place] == "1" else "1"
    parameters["INIT"] = "".join(bits)
    return netlist, f"{unit} {name}[{place}]"


@pytest.mark.parametrize("name", DESIGNS)
def test_nothing_is_proved_that_changes_a_value(name):
    design, netlist, beats, expected = sound(name)
    assert prove_netlist(design, netlist, "", lambda _: None).problem is None
    rng = np.random.default_rng(7)
    refused = 0
    for number in range(MUTANTS):
        change = flipped if number % 3 == 0 else damaged
        mutant, what = change(netlist, design.units, rng) or damaged(netlist, design.units, rng)
        certificate = prove_netlist(design, mutant, "", lambda _: None)
        if certificate.proved:
            assert outputs(design, mutant, beats) == expected, what
        refused += not certificate.proved
    assert refused > MUTANTS // 3
