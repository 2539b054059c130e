"""Inputs that drive the sums of a layer to their exact ends, in as few vectors as is easy."""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.layers import Layer

OPEN_VECTORS = 8  # that a row's inputs are tried to fit into, beside an equal one


def worst_cases(layer: Layer, rng: np.random.Generator) -> IntArray:
    """Give vectors among which every row's sum reaches its exact minimum and its maximum.

    A vector serves all rows whose inputs agree; inputs that none of them reads are random. Shape
    (cases, columns), two cases a row at the most.
    """
    lo = np.array([limits.lo for limits in layer.inputs])
    hi = np.array([limits.hi for limits in layer.inputs])
    cases: list[IntArray] = []
    fixed: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
    known: set[bytes] = set()
    for weights in layer.weight:
        columns = np.flatnonzero(weights)
        rises = weights[columns] > 0
        low, high = lo[columns], hi[columns]
        for ends in (np.where(rises, low, high), np.where(rises, high, low)):
            key = columns.tobytes() + ends.tobytes()
            if key in known:
                continue
            known.add(key)
            last = len(cases) - 1
            for place in range(last, max(last - OPEN_VECTORS, -1), -1):
                if (~fixed[place][columns] | (cases[place][columns] == ends)).all():
                    break
            else:
                place = len(cases)
                cases.append(rng.integers(lo, hi + 1))
                fixed.append(np.zeros(layer.columns, np.bool_))
            cases[place][columns] = ends
            fixed[place][columns] = True
    return np.array(cases, np.int64).reshape(-1, layer.columns)
