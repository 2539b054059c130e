"""Tables of sums: written out over elements, and without those that nothing holds any more."""

from __future__ import annotations

import numpy as np

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    ELEMENTS,
    LETTER_BITS,
    LETTERS,
    UNKNOWN,
    Longs,
    Sums,
)

MOST_TERMS = 1 << 20  # of one sum


@compiled()
def written_out(
    sums: Sums, terms: Longs, factors: Longs, constant: int, columns: Longs, weights: Longs
) -> tuple[int, int]:
    """Write a sum of atoms as a sum of elements, one term each where it was added.

    Gives how many terms, or -1 where there are more than fit, and the constant.
    """
    stack = np.empty(len(columns) + 1, np.int64)
    times = np.empty(len(columns) + 1, np.int64)
    depth = count = 0
    for k in range(len(terms)):
        stack[depth], times[depth] = terms[k], factors[k]
        depth += 1
    while depth:
        depth -= 1
        atom, factor = stack[depth], times[depth]
        if atom >= ELEMENTS:
            if count == len(columns):
                return -1, 0
            columns[count], weights[count] = atom - ELEMENTS, factor
            count += 1
            continue
        constant += factor * sums.constant[atom]
        start, end = sums.at[atom], sums.at[atom + 1]
        if depth + end - start > len(columns):
            return -1, 0
        for k in range(start, end):
            stack[depth], times[depth] = sums.atoms[k], factor * sums.factors[k]
            depth += 1
    return count, constant


@compiled()
def keep(sums: Sums, roots: Longs, moved: Longs) -> None:
    """Mark in `moved` the sums that others need; `roots` are bits."""
    moved[:] = 0
    for code in roots:
        if code > UNKNOWN and code >> LETTER_BITS < ELEMENTS:
            moved[code >> LETTER_BITS] = 1
    for atom in range(sums.made[0] - 1, 0, -1):
        if moved[atom]:
            for k in range(sums.at[atom], sums.at[atom + 1]):
                if sums.atoms[k] < ELEMENTS:
                    moved[sums.atoms[k]] = 1


@compiled()
def compact(sums: Sums, moved: Longs) -> None:
    """Keep the sums that are marked, and write into `moved` where each is now."""
    atoms, terms = 1, 0
    for atom in range(1, sums.made[0]):
        if not moved[atom]:
            continue
        start, end = sums.at[atom], sums.at[atom + 1]
        moved[atom] = atoms
        sums.low[atoms], sums.high[atoms] = sums.low[atom], sums.high[atom]
        sums.kind[atoms], sums.constant[atoms] = sums.kind[atom], sums.constant[atom]
        for k in range(start, end):
            of = sums.atoms[k]
            sums.atoms[terms] = of if of >= ELEMENTS else moved[of]
            sums.factors[terms] = sums.factors[k]
            terms += 1
        atoms += 1
        sums.at[atoms] = terms
    sums.made[0], sums.made[1] = atoms, terms


@compiled()
def renamed(codes: Longs, moved: Longs) -> None:
    """Write bits of sums with the numbers that these have now."""
    for k in range(len(codes)):
        code = codes[k]
        if code > UNKNOWN and code >> LETTER_BITS < ELEMENTS:
            codes[k] = moved[code >> LETTER_BITS] << LETTER_BITS | (code & (LETTERS - 1))


def no_sums(room: int) -> Sums:
    """Give empty tables with room for so many sums."""
    return Sums(
        low=np.zeros(room, np.int64),
        high=np.zeros(room, np.int64),
        kind=np.zeros(room, np.int64),
        constant=np.zeros(room, np.int64),
        at=np.zeros(room + 1, np.int64),
        atoms=np.zeros(8 * room, np.int64),
        factors=np.zeros(8 * room, np.int64),
        made=np.array([1, 0], np.int64),
    )


def longer(sums: Sums) -> Sums:
    """Give the same sums with room for twice as many."""
    parts = [np.concatenate([part, np.zeros(len(part), np.int64)]) for part in sums[:-1]]
    return Sums._make([*parts, sums.made])


def merged_terms(
    sums: Sums, atoms: Longs, factors: Longs, constant: int
) -> tuple[Longs, Longs, int] | None:
    """Give a sum of atoms as its elements in order, their factors, and its constant.

    None where it has too many terms.
    """
    room = 1 << 10
    while room <= MOST_TERMS:
        columns, weights = np.empty(room, np.int64), np.empty(room, np.int64)
        count, total = written_out(sums, atoms, factors, constant, columns, weights)
        if count >= 0:
            return (*_merged(columns[:count], weights[:count]), int(total))
        room *= 8
    return None


def _merged(columns: Longs, factors: Longs) -> tuple[Longs, Longs]:
    """Add up the factors of each column; those that cancel are left out."""
    order = np.argsort(columns, kind="stable")
    columns, factors = columns[order], factors[order]
    if not len(columns):
        return columns, factors
    starts = np.flatnonzero(np.concatenate([[True], columns[1:] != columns[:-1]]))
    total = np.add.reduceat(factors, starts)
    return columns[starts][total != 0], total[total != 0]
