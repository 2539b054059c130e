"""Improves shared sub-sums by taking some apart and sharing what they leave anew.

A large neighbourhood search (Shaw 1998) with the acceptance of simulated annealing: a few shared
nodes are written out in all that read them, the greedy search of `sharing.py` finds new patterns
with some noise, and the result is kept if it costs less, or little more while it is warm. A node's
value never changes, so that only the sums that were touched have to be priced again.
"""

from __future__ import annotations

import math
import random

from hwgen.numeric import Range
from hwgen.plan.adders.cost import Style, sum_cost, summand
from hwgen.plan.adders.sharing import share
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK, SubSums, Terms

NEIGHBOURHOODS = (2, 5, 10, 20)  # shared nodes that one step takes apart
RELATED = 0.8  # part of the steps that take apart nodes that read the same one
WARMTH = 3.0  # LUT sites that a step may add at the start, on average
INVERTER = 1.0  # of the bits of a term that is subtracted alone, each of which takes an inverter
TIDY_STEPS = 200  # steps after which what is gone is forgotten


class LocalSearch:
    """A search over the shared sub-sums of some rows; everything follows from the seed.

    `row_bits` are the widths of the rows' true sums, where those are what is wanted.
    """

    def __init__(
        self,
        rows: list[Terms],
        inputs: tuple[Range, ...],
        style: Style,
        seed: int,
        row_bits: tuple[int, ...] = (),
    ) -> None:
        self.sums = SubSums(rows, len(inputs))
        self.style = style
        self.rng = random.Random(seed)
        self.inputs = inputs
        count = len(inputs)
        self._forms: dict[int, dict[int, int]] = {node: {node: 1} for node in range(count)}
        self._ranges: dict[int, Range] = dict(enumerate(inputs))
        self._row_bits = dict(enumerate(row_bits, count))
        self._prices: dict[int, float] = {}
        self.cost = 0.0

    def start(self, noise: float) -> None:
        """Share greedily from the rows as they are."""
        share(self.sums, self.rng, noise)
        self._tidy()
        self._accept(math.inf)

    def improve(self, work: int) -> None:
        """Take steps until `work` patterns were touched."""
        begin, steps = self.sums.work, 0
        while (done := self.sums.work - begin) < work and not self.sums.is_full:
            shared = [node for node in self.sums.sums if node >= self.sums.first_shared]
            if not shared:
                return
            warmth = WARMTH * (1 - done / work) * -math.log(1.0 - self.rng.random())
            for node in self._neighbourhood(shared):
                self._expand(node)
            share(self.sums, self.rng, self.rng.random())
            self._tidy()
            self._accept(warmth)
            self.sums.work += len(shared)
            steps += 1
            if steps % TIDY_STEPS == 0:
                self.sums.forget()

    def _neighbourhood(self, shared: list[int]) -> list[int]:
        """Choose shared nodes: any, or such as read one common node."""
        size = self.rng.choice(NEIGHBOURHOODS)
        if self.rng.random() < RELATED:
            terms = self.sums.sums[self.rng.choice(list(self.sums.sums))]
            common = self.rng.choice(list(terms) or [0]) >> SHIFT_BITS
            near = {common, *self.sums.reading(common)}
            pool = [node for node in sorted(near) if node >= self.sums.first_shared]
            pool = [node for node in pool if node in self.sums.sums]
        else:
            pool = shared
        return self.rng.sample(pool, min(size, len(pool)))

    def _accept(self, warmth: float) -> None:
        """Keep the changes if they cost at most `warmth`, else take them back."""
        sums = self.sums
        prices = {node: self._price(node) for node in sums.before if node in sums.sums}
        new: float = sum(prices.values())
        old = sum(self._prices.get(node, 0) for node in sums.before)
        if not self._prices:  # the first time all sums are new
            prices = {node: self._price(node) for node in sums.sums}
            new, old = sum(prices.values()), 0
        if new - old > warmth:
            self._drop_forms([node for node, terms in sums.before.items() if terms is None])
            sums.undo()
            return
        for node in sums.before:
            self._prices.pop(node, None)
        self._drop_forms([node for node in sums.before if node not in sums.sums])
        self._prices |= prices
        self.cost += new - old
        sums.commit()

    def _price(self, node: int) -> float:
        terms = self.sums.sums[node]
        summands = [
            summand(self._range(key >> SHIFT_BITS), key & SHIFT_MASK, sign, self.style)
            for key, sign in terms.items()
        ]
        price: float = sum_cost(summands, self.style, self._row_bits.get(node, 0))
        if self.style == "additive":
            price += INVERTER * self._inverted_bits(node)
        return price

    def _inverted_bits(self, node: int) -> int:
        """Bits of the one term that a sum subtracts; the sum of several is made inverted."""
        terms = self.sums.sums[node]
        minority = -1 if node < self.sums.first_shared or sum(terms.values()) > 0 else 1
        alone = [key for key, sign in terms.items() if sign == minority]
        if len(alone) != 1 or len(terms) < 2:
            return 0
        either = terms if len(terms) == 2 and node >= self.sums.first_shared else alone
        return min(self._range(key >> SHIFT_BITS).bits for key in either)

    def _range(self, node: int) -> Range:
        if node not in self._ranges:
            lo = hi = 0
            for column, factor in self._form(node).items():
                limits = self.inputs[column]
                ends = (factor * limits.lo, factor * limits.hi)
                lo, hi = lo + min(ends), hi + max(ends)
            self._ranges[node] = Range(lo, hi)
        return self._ranges[node]

    def _form(self, node: int) -> dict[int, int]:
        """Give the coefficients of a node's inputs."""
        if node not in self._forms:
            total: dict[int, int] = {}
            for key, sign in self.sums.sums[node].items():
                factor = sign << (key & SHIFT_MASK)
                for column, inner in self._form(key >> SHIFT_BITS).items():
                    total[column] = total.get(column, 0) + factor * inner
            self._forms[node] = total
        return self._forms[node]

    def _drop_forms(self, nodes: list[int]) -> None:
        for node in nodes:
            self._forms.pop(node, None)
            self._ranges.pop(node, None)

    def _expand(self, node: int) -> None:
        """Write a shared node out in all that read it."""
        sums = self.sums
        for reader in sums.reading(node):
            keys = [key for key in sums.sums[reader] if key >> SHIFT_BITS == node]
            if not keys:
                continue
            terms = sums.touch(reader)
            for key in keys:
                if key in terms:
                    sign, shift = sums.remove(reader, key), key & SHIFT_MASK
                    for inner, inner_sign in sums.sums[node].items():
                        sums.insert(reader, inner + shift, sign * inner_sign)
        for key in list(sums.touch(node)):
            sums.remove(node, key)
        del sums.sums[node]

    def _tidy(self) -> None:
        """Write out nodes that one sum alone reads or that are one term; drop those not read."""
        sums = self.sums
        waiting = sorted(n for n in sums.lonely | sums.before.keys() if n >= sums.first_shared)
        while waiting:
            node = waiting.pop()
            if node in sums.sums and (sums.uses[node] < 2 or len(sums.sums[node]) < 2):
                read = [key >> SHIFT_BITS for key in sums.sums[node]]
                self._expand(node)
                waiting += [n for n in read if n >= sums.first_shared]
