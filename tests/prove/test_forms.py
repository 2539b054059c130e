"""Linear forms against their coefficients as plain dictionaries, and walks of long chains."""

from itertools import chain

import numpy as np
import pytest

from hwgen.numeric import Range
from hwgen.prove.forms.forms import bit, linear_form, total
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.walk import Walk

COLUMNS = 6


def ends(terms, constant, inputs):
    """The range of a form, from all its terms."""
    sides = [[v * x for x in (inputs[c].lo, inputs[c].hi)] for c, v in terms.items()]
    return Range(constant + sum(map(min, sides)), constant + sum(map(max, sides)))


def changed(rng, form, terms, constant, others, inputs):
    """A random operation on a form, and the same on its coefficients."""
    match int(rng.integers(5)):
        case 0:
            added = int(rng.integers(-9, 9))
            return form.plus(added), terms, constant + added
        case 1:
            factor = int(rng.choice([-4, -3, -1, 0, 1, 2, 6]))
            scaled = {c: v * factor for c, v in terms.items() if factor}
            return form.times(factor), scaled, constant * factor
        case 2:
            merged = int(np.bitwise_or.reduce([*terms.values(), 0]))
            k = (merged & -merged).bit_length() - 1 if merged else 0
            return form.halved(), {c: v >> k for c, v in terms.items()}, constant >> k
        case 3:
            return form.inverse(), {c: -v for c, v in terms.items()}, -1 - constant
    other, more, rest = others[int(rng.integers(len(others)))]
    if rng.random() < 0.5:
        form, other = other, form
    both = {c: terms.get(c, 0) + more.get(c, 0) for c in {*terms, *more}}
    return total(form, other, inputs), {c: v for c, v in both.items() if v}, constant + rest


@pytest.mark.parametrize("seed", range(20))
def test_forms_are_what_their_coefficients_are(seed):
    rng = np.random.default_rng(seed)
    lows = rng.integers(-5, 5, COLUMNS)
    inputs = [Range(int(lo), int(lo + 1 + rng.integers(9))) for lo in lows]
    found = [(linear_form({c: 1}, 0, inputs), {c: 1}, 0) for c in range(COLUMNS)]
    for _ in range(200):
        form, terms, constant = changed(
            rng, *found[int(rng.integers(len(found)))], others=found, inputs=inputs
        )
        assert form.coefficients == terms
        assert (form.constant, form.limits) == (constant, ends(terms, constant, inputs))
        merged = int(np.bitwise_or.reduce([*terms.values(), 0]))
        assert form.twos == ((merged & -merged).bit_length() - 1 if merged else 0)
        if max(map(abs, [*terms.values(), constant])) < 1 << 40:
            found.append((form, terms, constant))


def chain_of_adders(length, bits):
    """x0 + x1 + ... one after another, in a module without registers."""
    nets = iter(range(2, 10**9))
    inputs = [[next(nets) for _ in range(4)] for _ in range(length)]
    cells, word = {}, [*inputs[0], *["0"] * (bits - 4)]
    for k, lane in enumerate(inputs[1:]):
        result = [next(nets) for _ in range(bits)]
        cells[f"add{k}"] = {
            "type": "$add",
            "parameters": {},
            "port_directions": {"A": "input", "B": "input", "Y": "output"},
            "connections": {"A": word, "B": lane, "Y": result},
        }
        word = result
    ports = {
        "i": {"direction": "input", "bits": list(chain.from_iterable(inputs))},
        "o": {"direction": "output", "bits": word},
    }
    return Module("chain", {"ports": ports, "netnames": {}, "cells": cells}), inputs


def walk_of(module, inputs):
    """A walk on linear forms."""
    ranges = [Range(0, 15)] * len(inputs)
    leaves = {
        net: bit(linear_form({column: 1}, 0, ranges), index)
        for column, nets in enumerate(inputs)
        for index, net in enumerate(nets)
    }
    return Walk(module, {}, leaves, (0, 1), LinearAlgebra(module, ranges).rule)


def test_a_chain_of_two_thousand_adders_is_one_form():
    module, inputs = chain_of_adders(2000, 15)
    walk = walk_of(module, inputs)
    word = walk.word(module.port("o"), 0)
    assert word[0].form.coefficients == dict.fromkeys(range(2000), 1)
    assert word[0].form.limits == Range(0, 30_000)
    kept = set(walk._values) - {net for nets in inputs for net in nets} - {"0", "1"}
    assert kept == set(module.port("o"))  # the sums between are forgotten
    inner = module.driver[module.port("o")[0]][0].inputs["A"]
    assert walk.word(inner, 0)[0].form.coefficients == dict.fromkeys(range(1999), 1)


def test_a_chain_that_reads_itself_is_refused():
    module, inputs = chain_of_adders(50, 10)
    first = module.driver[module.port("o")[0]][0]
    earliest = next(cell for cell in module.cells if cell.name == "add0")
    earliest.inputs["B"] = first.outputs["Y"][:4]
    with pytest.raises(NotProvedError, match="must not depend on itself"):
        walk_of(module, inputs).word(module.port("o"), 0)
