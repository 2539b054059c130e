"""Rows and shared nodes as sums of terms, with the count of every pattern of two terms.

Terms and patterns are packed into integers, since a search touches millions of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

SHIFT_BITS = 6
SHIFT_MASK = (1 << SHIFT_BITS) - 1
_NODE_BITS = 24  # two of them, a difference of shifts and a sign are an integer of 60 bits

Terms = dict[int, int]  # node << SHIFT_BITS | shift -> sign


class SubSums:
    """Rows and shared nodes as sums of terms, with the count of every two-term pattern.

    Nodes are numbered: inputs, then rows, then shared sums. All changes since the last `commit`
    can be taken back by `undo`; `work` counts patterns touched.
    """

    def __init__(self, rows: list[Terms], inputs: int) -> None:
        self.first_shared = self.next_node = inputs + len(rows)
        self.sums: dict[int, Terms] = {}
        self.uses: dict[int, int] = defaultdict(int)
        self.readers: dict[int, set[int]] = defaultdict(set)  # at least those that read a node
        self.counts: dict[int, int] = defaultdict(int)
        self.before: dict[int, Terms | None] = {}  # changed sums as they were
        self.grown: set[int] = set()  # patterns that became more frequent
        self.lonely: set[int] = set()  # nodes that may be read once or never
        self.work = 0
        self._more: list[int] = []
        self._fewer: list[int] = []
        self._committed_next = self.next_node
        for index, row in enumerate(rows):
            self.sums[inputs + index] = {}
            for key, sign in row.items():
                self.insert(inputs + index, key, sign)

    def insert(self, node: int, key: int, sign: int) -> None:
        """Add a term; an equal one doubles (moves to the next shift), an opposite one cancels."""
        terms = self.sums[node]
        while key in terms:
            if self.remove(node, key) != sign:
                return
            key += 1
        counts, grown = self.counts, self.grown
        patterns = _patterns(terms, key, sign)
        for pattern in patterns:
            counts[pattern] += 1
            if counts[pattern] > 1:
                grown.add(pattern)
        self._more += patterns
        self.work += len(patterns)
        terms[key] = sign
        self.uses[key >> SHIFT_BITS] += 1
        self.readers[key >> SHIFT_BITS].add(node)

    def remove(self, node: int, key: int) -> int:
        """Take a term out and give its sign."""
        terms = self.sums[node]
        sign = terms.pop(key)
        patterns = _patterns(terms, key, sign)
        for pattern in patterns:
            self.counts[pattern] -= 1
        self._fewer += patterns
        self.work += len(patterns)
        self.uses[key >> SHIFT_BITS] -= 1
        self.lonely.add(key >> SHIFT_BITS)
        return sign

    def touch(self, node: int) -> Terms:
        """Give the terms of a node that is about to change."""
        terms = self.sums[node]
        if node not in self.before:
            self.before[node] = dict(terms)
        return terms

    def reading(self, node: int) -> list[int]:
        """Give the nodes that may read a node, in order."""
        return [reader for reader in sorted(self.readers[node]) if self.sums.get(reader)]

    def new_node(self, terms: list[tuple[int, int]]) -> int:
        """Add a shared sum of terms (key, sign)."""
        node = self.next_node
        self.next_node += 1
        self.sums[node] = {}
        self.before[node] = None
        for key, sign in terms:
            self.insert(node, key, sign)
        return node

    @property
    def is_full(self) -> bool:
        """Whether the numbers of nodes come near what a pattern can hold."""
        return self.next_node >> _NODE_BITS - 1 > 0

    def commit(self) -> None:
        """Keep all changes."""
        self.before, self._more, self._fewer = {}, [], []
        self._committed_next = self.next_node
        self.grown.clear()
        self.lonely.clear()

    def undo(self) -> None:
        """Take back all changes since the last `commit`."""
        for pattern in self._more:
            self.counts[pattern] -= 1
        for pattern in self._fewer:
            self.counts[pattern] += 1
        for node, terms in self.before.items():
            for key in self.sums.pop(node, ()):
                self.uses[key >> SHIFT_BITS] -= 1
            if terms is not None:
                self.sums[node] = terms
                for key in terms:
                    self.uses[key >> SHIFT_BITS] += 1
        self.next_node = self._committed_next
        self.commit()

    def forget(self) -> None:
        """Drop what is left of nodes and patterns that are gone."""
        self.counts = defaultdict(int, {p: c for p, c in self.counts.items() if c})
        self.uses = defaultdict(int, {n: c for n, c in self.uses.items() if c})
        self.readers = defaultdict(set)
        for node, terms in self.sums.items():
            for key in terms:
                self.readers[key >> SHIFT_BITS].add(node)


def in_order(sums: Mapping[int, Terms]) -> list[int]:
    """Give all nodes of `sums`, each after those that it reads."""
    order: dict[int, None] = {}
    stack = sorted(sums, reverse=True)
    while stack:
        node = stack[-1]
        read = sorted({key >> SHIFT_BITS for key in sums[node]})
        missing = [n for n in read if n in sums and n not in order]
        if missing:
            stack += missing
        else:
            order[stack.pop()] = None
    return list(order)


def _patterns(terms: Terms, key: int, sign: int) -> list[int]:
    """Give the patterns of a term with all others: nodes, difference of shifts, sign product."""
    node, shift = key >> SHIFT_BITS, key & SHIFT_MASK
    upper = (node << _NODE_BITS + 8) + 64 - shift
    lower = (node << 8) + 64 + shift
    return [
        (
            ((k >> SHIFT_BITS) << _NODE_BITS + 8) + lower - (k & SHIFT_MASK)
            if k < key
            else upper + ((k >> SHIFT_BITS) << 8) + (k & SHIFT_MASK)
        )
        << 1
        | (s != sign)
        for k, s in terms.items()
    ]


def unpack(pattern: int) -> tuple[int, int, int, int]:
    """Give first and second node, shift of the second against the first, product of the signs."""
    nodes = pattern >> 9
    second = nodes & (1 << _NODE_BITS) - 1
    return nodes >> _NODE_BITS, second, (pattern >> 1 & 0xFF) - 64, -1 if pattern & 1 else 1
