"""Finds vectors that are one another but for a sign and a power of two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hwgen.numeric import IntArray


class Multiple(NamedTuple):
    """A vector as `sign * vectors[of] << shift`; the one that it is told by is so itself."""

    of: int
    shift: int
    sign: int


def multiples(vectors: IntArray) -> list[Multiple]:
    """Tell every vector, shape (count, length), by the first of the least among its like."""
    first = (vectors != 0).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), first])
    merged = np.bitwise_or.reduce(vectors, axis=1)
    shifts = [int(bits & -bits).bit_length() - 1 if bits else 0 for bits in map(int, merged)]
    primitive = vectors * signs[:, None] >> np.array(shifts, np.int64)[:, None]
    least: dict[bytes, int] = {}
    keys = [row.tobytes() for row in primitive]
    for index, key in enumerate(keys):
        known = least.setdefault(key, index)
        if shifts[index] < shifts[known]:
            least[key] = index
    return [
        Multiple(least[key], shift - shifts[least[key]], int(sign * signs[least[key]]) or 1)
        for key, shift, sign in zip(keys, shifts, signs, strict=True)
    ]
