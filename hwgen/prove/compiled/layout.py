"""The tables that the compiled loops work on, and what a bit in them can be.

A bit is 0, 1, UNKNOWN, or a *letter* of an *atom*: `atom << LETTER_BITS | letter`. An atom is an
element of the input, or a sum of atoms that an adder made. A letter says which bit it is of which
function of the atom (`letters.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

UNKNOWN = 2
LETTER_BITS = 20
LETTERS = 1 << LETTER_BITS
ELEMENTS = 1 << 40  # the first atom that is an element; those below are sums, from 1 on
NEW = 1 << 60  # in a recipe: a letter of an atom that is made
MOST_ATOMS = 8  # that an operation reads; more are not followed
MOST_KEY = 4096  # bits that an operation reads, and their atoms
LARGEST = 1 << 55  # ends of ranges and factors beyond this are not followed
MOST_FACTOR = 1 << 31
BLOCKS = 1 << 13  # numbers of ranges below -BLOCKS are those without 0 inside
LONG = 62  # bits that an int64 holds with room to add

COPY, GATE, SUM, ANY, COMPARE, READ, WATCH, CONE = range(8)  # kinds of operations
AND, OR, XOR, XNOR, NOT = range(5)
ADD, SUB, NEG, POS = range(4)
EQ, NE, LT, LE, GT, GE, OR_ALL, AND_ALL, NONE, BOTH, EITHER = range(11)


class Program(NamedTuple):
    """What a unit is: operations in order, registers, memories. A wire is a place in `Run.wires`.

    Attributes
    ----------
    kind, detail, sign
        Of each operation; those with one sign give the same for the same operands. The detail of a
        cone is how many operations behind it are its cells, the last of which drives its word.
    starts, ports, first, signed
        Where the wires of its operands begin among `ports`, the bits of the first and second one,
        and whether these are extended by their sign.
    out, width
        The first of the wires that it drives, and how many.
    readers_at, readers
        Who reads each word: those of operations, then of registers, then of ports.
    held, loads, held_word
        Wires of registers, the wires that they load, and their words.
    memory_at, memory_words, memory_width, memory_first
        Where the bits of each memory begin, its size, and its first among all words.
    has_writes, unchecked, reads_at, reads, read_memory
        Whether it is written, and read meanwhile; the operations that read it, and what each reads.
    write_memory, write_bits, write_at, write_ports
        Of each port: its memory, bits of its address, and wires of address, data and enables.
    payload, shown, handshakes, inputs, reset
        Wires of the payloads and of i__valid, i__ready, o__valid, o__ready; words of the inputs.
    """

    kind: Ints
    detail: Ints
    sign: Longs
    starts: Ints
    ports: Ints
    first: Ints
    signed: Bytes
    out: Ints
    width: Ints
    readers_at: Ints
    readers: Ints
    held: Ints
    loads: Ints
    held_word: Ints
    memory_at: Longs
    memory_words: Longs
    memory_width: Longs
    memory_first: Longs
    has_writes: Bytes
    unchecked: Bytes
    reads_at: Ints
    reads: Ints
    read_memory: Ints
    write_memory: Ints
    write_bits: Ints
    write_at: Ints
    write_ports: Ints
    payload: Ints
    shown: Ints
    handshakes: Ints
    inputs: Longs
    reset: Ints


class State(NamedTuple):
    """What a unit holds, and what was seen of it.

    Attributes
    ----------
    wires, dirty, cells, next
        Bits of wires; operations to evaluate; bits of memories; what registers are about to hold.
    written, missed, kept
        Of each word: written at some time, read before that, taken for one that never is.
    added, wraps, apart
        Of each operation: whether it added atoms, or was looked up as a cone; whether a sum did not
        fit its width; whether the cells of a cone are always evaluated one by one.
    low, high
        Of each watched register the lowest and the highest sum that it was about to hold: how many
        terms, constant, end of its range, then atoms and factors.
    """

    wires: Longs
    dirty: Bytes
    cells: Longs
    next: Longs
    written: Bytes
    missed: Bytes
    kept: Bytes
    added: Bytes
    wraps: Bytes
    apart: Bytes
    low: Longs
    high: Longs
    bits: Longs  # of the operation at hand


class Sums(NamedTuple):
    """Atoms that are sums: `constant` and terms from `at` on; `low` and `high` end their range.

    `kind` numbers the range, see `lookup.range_number`.
    """

    low: Longs
    high: Longs
    kind: Longs
    constant: Longs
    at: Longs
    atoms: Longs
    factors: Longs
    made: Longs  # sums and terms so far


class Elements(NamedTuple):
    """The elements of a vector, which each vector has: number and ends of their ranges."""

    kind: Ints
    low: Longs
    high: Longs


class Known(NamedTuple):
    """What operations give for what they read, as a table with open addresses.

    A recipe is the number of atoms that are made, each with the number of its terms, its constant,
    and its terms as place among the atoms read and factor; then how many bits, and the bits.
    """

    slots: Longs
    key_at: Longs
    keys: Longs
    recipe_at: Longs
    recipes: Longs
    complement: Ints  # of each letter; `factor * atom + constant`, and which bit of it
    factor: Longs
    constant: Longs
    bit: Ints
    key: Longs  # of the operation at hand, its length last; atoms that it reads, and those made
    read: Longs
    made: Longs


Tables = tuple[Program, State, Sums, Elements, Known]
