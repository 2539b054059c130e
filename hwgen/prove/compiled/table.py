"""The table of what operations give, which grows by what the rules say of what was not met yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwgen.prove.compiled.layout import MOST_ATOMS, MOST_KEY, Known, Longs
from hwgen.prove.compiled.letters import Letters
from hwgen.prove.compiled.lookup import find


class Table:
    """Keys and recipes, in arrays that are replaced by larger ones when they are full."""

    def __init__(self, letters: Letters) -> None:
        empty = np.zeros(0, np.int64)
        self._count = 0
        self.known = Known(
            slots=np.full(1 << 12, -1, np.int64),
            key_at=np.zeros(1 << 11, np.int64),
            keys=empty,
            recipe_at=np.zeros(1 << 11, np.int64),
            recipes=empty,
            complement=letters.complement,
            factor=letters.factor,
            constant=letters.constant,
            bit=letters.index,
            key=np.zeros(MOST_KEY + 1, np.int64),
            read=np.zeros(MOST_ATOMS, np.int64),
            made=np.zeros(64, np.int64),
        )
        self._keys = self._recipes = 0

    def key(self) -> Longs:
        """Give what was looked up last and not found."""
        known = self.known
        return known.key[: known.key[-1]].copy()

    def add(self, key: Longs, recipe: Sequence[int]) -> None:
        """Let a key that is not in the table have a recipe."""
        known = self.known
        if 2 * (self._count + 2) > len(known.key_at) * 2 - 2:
            self._double()
            known = self.known
        known = known._replace(
            keys=_fitting(known.keys, self._keys + len(key)),
            recipes=_fitting(known.recipes, self._recipes + len(recipe)),
        )
        self.known = known
        entry = self._count
        known.key_at[entry] = self._keys
        known.recipe_at[entry] = self._recipes
        known.keys[self._keys : self._keys + len(key)] = key
        known.recipes[self._recipes : self._recipes + len(recipe)] = recipe
        self._keys += len(key)
        self._recipes += len(recipe)
        known.key_at[entry + 1] = self._keys
        self._put(entry)
        self._count += 1

    def _put(self, entry: int) -> None:
        known = self.known
        start, end = known.key_at[entry], known.key_at[entry + 1]
        known.key[: end - start] = known.keys[start:end]
        known.slots[find(known, end - start)] = entry

    def _double(self) -> None:
        known = self.known
        self.known = known._replace(
            slots=np.full(2 * len(known.slots), -1, np.int64),
            key_at=np.concatenate([known.key_at, np.zeros_like(known.key_at)]),
            recipe_at=np.concatenate([known.recipe_at, np.zeros_like(known.recipe_at)]),
        )
        for entry in range(self._count):
            self._put(entry)


def _fitting(values: Longs, size: int) -> Longs:
    if size <= len(values):
        return values
    return np.concatenate([values, np.zeros(max(size, 1 << 12), np.int64)])
