"""Compiled: sums written out over elements, and those that nothing holds any more given up."""

from __future__ import annotations

import numpy as np

from hwgen.compiled import compiled
from hwgen.prove.compiled.layout import (
    ELEMENTS,
    LETTER_BITS,
    LETTERS,
    UNKNOWN,
    VERSION,
    Longs,
    Sums,
)


@compiled(version=VERSION)
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


@compiled(version=VERSION)
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


@compiled(version=VERSION)
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


@compiled(version=VERSION)
def renamed(codes: Longs, moved: Longs) -> None:
    """Write bits of sums with the numbers that these have now."""
    for k in range(len(codes)):
        code = codes[k]
        if code > UNKNOWN and code >> LETTER_BITS < ELEMENTS:
            codes[k] = moved[code >> LETTER_BITS] << LETTER_BITS | (code & (LETTERS - 1))
