"""Cells that are looked up together give what they give one by one; wrong ones are refused."""

import dataclasses
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.numeric import Range
from hwgen.plan.options import BuildOptions
from hwgen.prove.chain import design_input
from hwgen.prove.compiled import layout
from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.letters import BitOf, StepOf, complement_of, letter_of, value_of
from hwgen.prove.frames.rows import frame_rows
from hwgen.prove.netlist.netlist import Module
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove_netlist
from hwgen.prove.units.accumulators import accumulating
from hwgen.prove.units.folded import prove_folded
from tests.prove.test_folded_mutants import SAMPLES, case, sent
from tests.tiny_maps import MapNet
from tests.tiny_nets import conv2d, network, random_inputs


@cache
def products():
    """A folded convolution of long weights, whose products are several cells each."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    net = MapNet(7, (1, 4, 4), "s6")
    weight = net.weights((3, 1, 3, 3), top=100)
    net.add(conv2d("conv", net.source, weight, net.tensor.range, padding=(1, 1)))
    build(net.act("u2").graph(), BuildOptions(style="folded", effort="low", pe=2), folder)
    design = read_folder(folder)
    return design, read_netlist(folder, design)[0]


def engine_of(*, apart):
    """The convolution; with `apart` its cells are evaluated one by one."""
    design, netlist = products()
    module = Module(design.units[0], netlist[design.units[0]])
    start = design_input(design)
    limits = start.frame.limits
    engine = Engine(module, netlist[module.name], limits, accumulating(module))
    if apart:
        engine.state.apart[:] = 1
    return engine, start


def shown(*, apart):
    engine, start = engine_of(apart=apart)
    _, rows = frame_rows(products()[0].graph.nodes[0], start.frame)
    return engine, prove_folded(engine, start.stream, rows, [True] * len(rows))


def test_cells_give_together_what_they_give_one_by_one():
    (engine, together), (other, apart) = shown(apart=False), shown(apart=True)
    cones = engine.program.kind == layout.CONE
    assert engine.state.added[cones].sum() > 4
    assert not other.state.added[cones].any()
    assert together.stream.beats == apart.stream.beats
    assert (together.adders, together.modulo) == (apart.adders, apart.modulo)
    ends = [
        [(a.name, a.bits, a.lowest.limits, a.highest.limits) for a in proof.accumulators]
        for proof in (together, apart)
    ]
    assert ends[0] == ends[1]


def test_cones_of_many_keys_go_apart(monkeypatch):
    monkeypatch.setattr("hwgen.prove.compiled.engine.MOST_KEYS", 3)
    engine, proof = shown(apart=False)
    assert engine.state.apart.any()
    assert proof.stream.beats == shown(apart=True)[1].stream.beats


def inner_cells():
    """Names of the cells that are looked up with others, not last."""
    engine, _ = engine_of(apart=False)
    jobs = engine.teacher._jobs
    return [m.cell.name for job in jobs if job.members for m in job.members[:-1]]


def test_no_wrong_cell_among_those_looked_up_together_is_proved():
    design, netlist = products()
    rng, kind = np.random.default_rng(0), design.graph.input.type
    frames = random_inputs(design.graph, 3 * SAMPLES, seed=1).reshape(3, SAMPLES, -1)
    beats = [[case(pixel >> bit & 1) for bit in range(kind.bits)] for f in frames for pixel in f.T]
    kinds = {"$and": "$or", "$or": "$and", "$xor": "$xnor", "$eq": "$ne", "$ne": "$eq"}
    name, refused = design.units[0], 0
    cells = netlist[name]["cells"]
    names = [cell for cell in inner_cells() if cells[cell]["type"] in kinds]
    expected = sent(design, netlist, beats)
    for chosen in rng.choice(names, 8, replace=False).tolist():
        changed = cells[chosen] | {"type": kinds[cells[chosen]["type"]]}
        mutant = netlist | {name: netlist[name] | {"cells": cells | {chosen: changed}}}
        if prove_netlist(design, mutant, "", lambda _: None).proved:
            assert sent(design, mutant, beats) == expected, chosen
        else:
            refused += 1
    assert refused > 4


def test_what_leaves_only_while_more_comes_is_refused():
    design, netlist = products()
    name = design.units[0]
    ports = netlist[name]["ports"]
    (valid,), (more,) = ports["o__valid"]["bits"], ports["i__valid"]["bits"]
    gate = {
        "type": "$and",
        "parameters": dict.fromkeys(("A_SIGNED", "B_SIGNED"), "0")
        | dict.fromkeys(("A_WIDTH", "B_WIDTH", "Y_WIDTH"), "1"),
        "port_directions": {"A": "input", "B": "input", "Y": "output"},
        "connections": {"A": [valid], "B": [more], "Y": [1 << 20]},
    }
    changed = netlist[name] | {
        "cells": netlist[name]["cells"] | {"more": gate},
        "ports": ports | {"o__valid": ports["o__valid"] | {"bits": [1 << 20]}},
    }
    found = prove_netlist(design, netlist | {name: changed}, "", lambda _: None)
    assert "must send" in found.problem


@pytest.mark.parametrize(
    "letter",
    [
        BitOf(3, -5, 2),
        StepOf(1, 7, 0, 6, 0, np.array([3, 9], np.int64).tobytes()),
        StepOf(-2, 40, 1, 5, 1, np.array([4], np.int64).tobytes()),
    ],
)
def test_letters_are_read_as_they_were_written(letter):
    limits = Range(-7, 20)
    assert letter_of(value_of(letter, 4, limits)) == (4, letter)
    assert complement_of(complement_of(letter)) == letter
    assert complement_of(letter) != dataclasses.replace(letter)


def test_cells_of_more_elements_than_are_looked_up_are_followed_one_by_one(tmp_path):
    graph = network(3, widths=(14, 3, 2), inputs="u1", codes="u1", weight_bits=2, density=1)
    build(graph, BuildOptions(style="unrolled", effort="low", pipeline="none"), tmp_path / "design")
    design = read_folder(tmp_path / "design")
    netlist, _ = read_netlist(tmp_path / "design", design)
    module, start = Module(design.units[0], netlist[design.units[0]]), design_input(design)
    engine = Engine(module, netlist[module.name], start.frame.limits)
    read = [len(job.operands[0]) for job in engine.teacher._jobs if job.members]
    assert max(read) > layout.MOST_ATOMS
    _, rows = frame_rows(graph.nodes[0], start.frame)
    proof = prove_folded(engine, start.stream, rows, [True] * len(rows))
    assert {row.index for total in proof.stream.natural() for row in total.rows} == {0, 1, 2}
