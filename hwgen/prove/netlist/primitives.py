"""Shows that the adders that synthesis for 7 series builds of primitives are the sums in the file.

The Verilog of a design has two forms of hwgen_add3: sums, which the proof reads, and LUT6_2 and
CARRY4. Of the second, each place is a full adder of five bits: with what `save` and `carry` bring
into it, operands' bits make `y + 2 * (save + carry)` there, for all 32 cases, by Yosys' models of
the primitives. Nothing comes into the lowest place, so that by induction y is the sum modulo
2**W, whatever W is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.numeric import IntArray
from hwgen.prove.netlist.boolean import Samples, packed, unpacked
from hwgen.prove.netlist.netlist import Cell, Module, Net, NotProvedError, Word
from hwgen.prove.netlist.walk import Walk
from hwgen.synth.tools import find_yosys, run_tool, workspace

ADDER = "hwgen_add3"
MACRO = "HWGEN_LUT6_2"
CASES = 32  # of three operands' bits, save and carry
PORTS = ("a", "b", "c")
BITWISE = ("$and", "$or", "$xor", "$not")

Literal = tuple[Net, int] | int  # a bit of an operand and what inverts it, or a constant


def prove_primitives(source: Path, top: str) -> int:
    """Compare both forms of every adder of three operands; give how many kinds there are.

    Raises
    ------
    NotProvedError
        Where two forms differ.
    ToolError
        Where Yosys refuses the file.
    """
    if f"module {ADDER}" not in source.read_text():
        return 0
    yosys = find_yosys()
    with workspace(None) as where:
        shutil.copyfile(source, where.folder / "design.v")
        elaborate = f"hierarchy -check -top {top}; proc"
        sums = f"read_verilog design.v; {elaborate}; write_json sums.json"
        primitives = (  # without the macros of the sums, or the file would keep its adder to itself
            "design -reset; design -reset-vlog; "
            f"read_verilog +/xilinx/cells_sim.v; read_verilog -D {MACRO} design.v; {elaborate}; "
            f"flatten *{ADDER}*; write_json primitives.json"
        )
        run_tool(yosys, ["-q", "-p", f"{sums}; {primitives}"], where)
        found = [
            json.loads((where.folder / name).read_text())["modules"]
            for name in ("sums.json", "primitives.json")
        ]
    zeros = _zeros(found[0])
    for number, name in enumerate(sorted(zeros), 1):
        try:
            plain, built = (Module(ADDER, document[name]) for document in found)
            _compare(plain, _by_bits(built), zeros[name])
        except (NotProvedError, KeyError) as error:
            raise NotProvedError(
                f"{top}: the primitives in {ADDER} must give the sums that the file gives without "
                f"{MACRO}; adder {number} of {len(zeros)} does not, or cannot be compared ({error})"
            ) from None
    return len(zeros)


def _zeros(modules: Mapping[str, Any]) -> dict[str, set[tuple[str, int]]]:
    """Give for each adder the operand bits that are 0 wherever it is used."""
    found: dict[str, set[tuple[str, int]]] = {}
    for module in modules.values():
        for cell in module["cells"].values():
            if ADDER not in cell["type"]:
                continue
            zeros = {
                (port, index)
                for port, nets in cell["connections"].items()
                for index, net in enumerate(nets)
                if net == "0"
            }
            found[cell["type"]] = found.get(cell["type"], zeros) & zeros
    return found


def _compare(sums: Module, primitives: Module, zeros: set[tuple[str, int]]) -> None:
    """Show that each place of an adder adds as a full adder does.

    Raises
    ------
    NotProvedError
        Where one does not.
    """
    words = _operands(sums, sums.port("y"))
    places = {net: (p, k) for p in PORTS for k, net in enumerate(sums.port(p))}
    for index in range(len(sums.port("y"))):
        added = np.zeros(CASES, np.int64)
        leaves: dict[Net, int] = {}
        free = iter(range(5))
        for word in words:
            literal = word[index]
            if isinstance(literal, int):
                added += literal
                continue
            port, place = places[literal[0]]
            case = _case(free) if place == index and (port, place) not in zeros else 0 * added
            net = primitives.port(port)[place]
            if place != index or net in leaves:
                raise primitives.problem(net, "must be added once, in its own place")
            leaves[net] = packed(case)
            added += case ^ literal[1]
        added += _brought(primitives, index, leaves, free)
        _check_place(primitives, index, leaves, added)


def _by_bits(module: Module) -> Module:
    """Cut gates of several bits into one for each, so that no place seems to read another."""
    for net, (cell, _, index) in list(module.driver.items()):
        if cell.kind in BITWISE and len(cell.outputs["Y"]) > 1:
            inputs = {p: word[index : index + 1] for p, word in cell.inputs.items()}
            one = replace(cell, inputs=inputs, outputs={"Y": (net,)})
            module.driver[net] = (one, "Y", 0)
    return module


def _case(free: Iterator[int]) -> IntArray:
    """Give a variable that has not been used yet, over all cases."""
    return np.asarray(np.arange(CASES) >> next(free) & 1, np.int64)


def _brought(module: Module, index: int, leaves: dict[Net, int], free: Iterator[int]) -> IntArray:
    """Let `save` and `carry` into a place be anything, and nothing into the lowest."""
    total = np.zeros(CASES, np.int64)
    for net in _between(module, index):
        if index == 0 and net != "0":
            raise module.problem(net, "must be 0 in the lowest place")
        if net != "0":
            case = _case(free)
            leaves[net] = packed(case)
            total += case
    return total


def _between(module: Module, index: int) -> Word:
    """Give what comes into a place, as the names have it; with wrong ones the proof fails."""
    save, carry = module.names["save"], module.names["carry"]
    return save[index], carry[index - 1] if index else "0"


def _check_place(module: Module, index: int, leaves: Mapping[Net, int], added: IntArray) -> None:
    """Compare what leaves a place with what was added there, for all cases."""
    algebra = Samples(module, CASES)
    walk = Walk(module, {}, leaves, algebra.constants, algebra.rule)
    y = module.port("y")
    is_last = index == len(y) - 1
    nets = (y[index], *(() if is_last else _between(module, index + 1)))
    bit, *carried = (unpacked(table, CASES) for table in walk.word(nets, 0))
    wrong = (added & 1) != bit if is_last else added != bit + 2 * sum(carried)
    if wrong.any():
        raise module.problem(y[index], f"place {index} must add its operands' bits")


def _operands(module: Module, word: Word) -> list[list[Literal]]:
    """Give the words that a word is the sum of, as wide as it is."""
    cell = module.driver.get(word[0], (None, "", 0))[0]
    if cell is None or cell.kind != "$add" or cell.outputs["Y"] != word:
        return [[_literal(module, net) for net in word]]
    found = []
    for port in ("A", "B"):
        operand = cell.inputs[port]
        if len(operand) != len(word):
            raise module.problem(word[0], "must add words as wide as it is")
        found += _operands(module, operand)
    return found


def _literal(module: Module, net: Net) -> Literal:
    """Give an operand's bit behind inverters."""
    if net in ("0", "1"):
        return int(net)
    cell, _, index = module.driver.get(net, (None, "", 0))
    if cell is None:
        return net, 0
    other = _other(cell, index)
    if other is None:
        raise module.problem(net, "must be a bit of an operand, or its complement")
    source, turned = other
    inner = _literal(module, source)
    return inner ^ turned if isinstance(inner, int) else (inner[0], inner[1] ^ turned)


def _other(cell: Cell, index: int) -> tuple[Net, int] | None:
    """Give the bit that a gate passes on, and whether it inverts it."""
    a, b = cell.inputs["A"][index], cell.inputs.get("B", cell.inputs["A"])[index]
    if cell.kind == "$not":
        return a, 1
    if cell.kind == "$xor" and b in ("0", "1"):
        return a, int(b)
    if cell.kind == "$xor" and a in ("0", "1"):
        return b, int(a)
    return None
