"""Compiled: what an operation gives is looked up by what it reads, whatever atoms these are."""

from __future__ import annotations

import numpy as np

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    BLOCKS,
    ELEMENTS,
    LARGEST,
    LETTER_BITS,
    LETTERS,
    MOST_ATOMS,
    MOST_KEY,
    NEW,
    UNKNOWN,
    Elements,
    Known,
    Longs,
    Sums,
)

MISSING, TOO_MANY = -1, -2
FULL = 3  # parts of the table that may be in use, of four


@compiled(bare=True)
def ends_of(atom: int, sums: Sums, elements: Elements) -> tuple[int, int]:
    """Give the range of an atom."""
    if atom >= ELEMENTS:
        column = (atom - ELEMENTS) % len(elements.kind)
        return elements.low[column], elements.high[column]
    return sums.low[atom], sums.high[atom]


@compiled(bare=True)
def bits_of(value: int) -> int:
    """Give how many bits a number that is not negative has."""
    count = 0
    while value:
        count, value = count + 1, value >> 1
    return count


@compiled(bare=True)
def range_number(low: int, high: int) -> int:
    """Give the number of a sum's range, see `learn.Teacher._range`.

    It is widened to where the same bits are certain, so that few differ.
    """
    if low < 0 <= high:
        return -1 - (bits_of(~low) * 64 + bits_of(high))
    same = bits_of(low ^ high)
    block = low >> same
    return -BLOCKS - (same + 64 * (2 * block if block >= 0 else -2 * block - 1))


@compiled(bare=True)
def range_of(atom: int, sums: Sums, elements: Elements) -> int:
    """Give the number of an atom's range."""
    if atom >= ELEMENTS:
        return elements.kind[(atom - ELEMENTS) % len(elements.kind)]
    return sums.kind[atom]


@compiled(bare=True)
def key_of(bits: Longs, sign: int, sums: Sums, elements: Elements, known: Known) -> int:
    """Write what is read as a key: atoms by their order and ranges. Gives its length, or -1."""
    key, read = known.key, known.read
    key[0] = sign
    size, count = 1, 0
    for code in bits:
        if code <= UNKNOWN:
            key[size] = code
        else:
            atom = code >> LETTER_BITS
            place = 0
            while place < count and read[place] != atom:
                place += 1
            if place == count:
                if count == MOST_ATOMS:
                    return TOO_MANY
                read[count] = atom
                count += 1
            key[size] = (place + 1) << LETTER_BITS | (code & (LETTERS - 1))
        size += 1
        if size + MOST_ATOMS >= MOST_KEY:
            return TOO_MANY
    for place in range(count):
        key[size] = range_of(read[place], sums, elements)
        size += 1
    return size


@compiled(bare=True)
def find(known: Known, size: int) -> int:
    """Give the slot of the key, which is empty where it is not known."""
    key, mask = known.key, len(known.slots) - 1
    value = np.uint64(1469598103934665603)
    for place in range(size):
        value = (value ^ np.uint64(key[place])) * np.uint64(1099511628211)
        value ^= value >> np.uint64(29)
    slot = np.int64(value & np.uint64(mask))
    while known.slots[slot] >= 0:
        entry = known.slots[slot]
        start = known.key_at[entry]
        if known.key_at[entry + 1] - start == size:
            place = 0
            while place < size and known.keys[start + place] == key[place]:
                place += 1
            if place == size:
                break
        slot = (slot + 1) & mask
    return int(slot)


@compiled(bare=True)
def prepare(recipe: int, sums: Sums, elements: Elements, known: Known, made: Longs) -> int:
    """Make the atoms of a recipe, and give where its bits begin, or -1 where one is too large."""
    recipes, place = known.recipes, recipe + 1
    for number in range(recipes[recipe]):
        terms, constant = recipes[place], recipes[place + 1]
        place += 2
        atom, at = sums.made[0], sums.made[1]
        low = high = constant
        for _ in range(terms):
            of, factor = known.read[recipes[place]], recipes[place + 1]
            place += 2
            a, b = ends_of(of, sums, elements)
            if abs(a) > LARGEST // abs(factor) or abs(b) > LARGEST // abs(factor):
                return -1
            low += min(a * factor, b * factor)
            high += max(a * factor, b * factor)
            sums.atoms[at] = of
            sums.factors[at] = factor
            at += 1
        if low < -LARGEST or high > LARGEST:
            return -1
        sums.low[atom], sums.high[atom], sums.constant[atom] = low, high, constant
        sums.kind[atom] = range_number(low, high)
        sums.at[atom + 1] = at
        sums.made[0], sums.made[1] = atom + 1, at
        made[number] = atom
    return place


@compiled(bare=True)
def bit_of(code: int, known: Known, made: Longs) -> int:
    """Give a bit of a recipe for the atoms that were read and made."""
    if code <= UNKNOWN:
        return code
    letter = code & (LETTERS - 1)
    if code >= NEW:
        return made[(code - NEW) >> LETTER_BITS] << LETTER_BITS | letter
    return known.read[(code >> LETTER_BITS) - 1] << LETTER_BITS | letter
