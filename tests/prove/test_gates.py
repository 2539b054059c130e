"""Gates that cells are written down as give what the cells give, in every case."""

import numpy as np
import pytest

from hwgen.prove.control.gates import MUX, Gates
from hwgen.prove.netlist.boolean import Samples
from hwgen.prove.netlist.netlist import Cell, Module

CASES = 64  # of two words of three bits
KINDS = (
    "$add",
    "$sub",
    "$and",
    "$xor",
    "$eq",
    "$ne",
    "$lt",
    "$ge",
    "$logic_and",
    "$reduce_or",
    "$mul",
)


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_gates_of_a_cell_give_what_the_cell_gives(kind, signed):
    nets = {"A": (1, 2, 3)} | ({} if kind == "$reduce_or" else {"B": (4, 5, 6)})
    cell = Cell(
        name="cell",
        kind=kind,
        parameters={"A_SIGNED": signed, "B_SIGNED": signed},
        inputs=nets,
        outputs={"Y": (7, 8, 9, 10)},
    )
    module = Module("test", {"ports": {}, "netnames": {}, "cells": {}})
    samples, gates = Samples(module, CASES), Gates()
    columns = [sum((case >> k & 1) << case for case in range(CASES)) for k in range(6)]
    words = {port: [columns[net - 1] for net in word] for port, word in nets.items()}
    expected = samples.rule(cell, words)
    free = [gates.free() for _ in range(6)]
    written = Samples(module, 1)
    written.ones = gates.constant(1)
    wires = written.rule(cell, {p: [free[n - 1] for n in word] for p, word in nets.items()})
    values = gates.run(dict(zip(free, columns, strict=True)), samples.ones)
    assert [values[wire] for wire in wires] == expected


@pytest.mark.parametrize("signed", [0, 1])
def test_products_are_those_of_numbers(signed):
    word = {"A": (1, 2, 3), "B": (4, 5, 6)}
    kinds = {"A_SIGNED": signed, "B_SIGNED": signed}
    out = {"Y": (7, 8, 9, 10, 11)}
    cell = Cell(name="cell", kind="$mul", parameters=kinds, inputs=word, outputs=out)
    module = Module("test", {"ports": {}, "netnames": {}, "cells": {}})
    columns = [sum((case >> k & 1) << case for case in range(CASES)) for k in range(6)]
    found = Samples(module, CASES).rule(cell, {"A": columns[:3], "B": columns[3:]})
    for case in range(CASES):
        a, b = (n - 8 * (signed and n > 3) for n in (case & 7, case >> 3))
        assert sum((bit >> case & 1) << k for k, bit in enumerate(found)) == a * b % 32


def test_gates_of_constants_and_of_equal_operands_are_none():
    gates = Gates()
    zero, one, a, b = gates.constant(0), gates.constant(1), gates.free(), gates.free()
    assert [a & one, a | zero, a ^ zero, a & a, gates.gate(MUX, zero, one, a)] == [a] * 5
    assert [a & zero, a ^ a, a | one] == [0, 0, 1]
    assert a & b == b & a
    assert gates.gate(MUX, a, b, one) == b


def test_a_multiplexer_chooses_the_second_where_its_select_is_high():
    gates = Gates()
    a, b, select = gates.free(), gates.free(), gates.free()
    out = gates.gate(MUX, a, b, select)
    rows = np.array([[0b1100, 0b1010, 0b0110]])
    values = gates.run(dict(zip((a, b, select), rows[0].tolist(), strict=True)), 0b1111)
    assert values[out] == 0b1010
