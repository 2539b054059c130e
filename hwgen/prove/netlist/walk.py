"""Follows a net back to the inputs of its module, through cells and registers.

What a net carries is told in any algebra: linear forms, truth tables, expressions. The walk adds
time: each value is so many registers behind the input, and values of different age never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Generic, TypeVar

from hwgen.prove.netlist.netlist import Cell, Module, Net, Word

T = TypeVar("T")
Operands = Mapping[str, list[T]]
Rule = Callable[[Cell, Operands[T]], list[T]]


class Walk(Generic[T]):
    """Values of nets in one algebra.

    Parameters
    ----------
    module
        The netlist.
    registers
        Net behind a register -> net before it.
    leaves
        Values of the nets where the walk ends.
    constants
        Values of the nets 0 and 1.
    rule
        What a cell gives, lowest bit first, for the values of its operands; high bits that nothing
        reads may be left out.
    """

    def __init__(
        self,
        module: Module,
        registers: Mapping[Net, Net],
        leaves: Mapping[Net, T],
        constants: tuple[T, T],
        rule: Rule[T],
    ) -> None:
        self.module = module
        self.registers = registers
        self.rule = rule
        self._values: dict[Net, tuple[T, int | None]] = {net: (v, 0) for net, v in leaves.items()}
        self._values |= {"0": (constants[0], None), "1": (constants[1], None)}
        self._kept = frozenset(self._values)
        self._left: dict[Net, int] = {}  # of those that read a net, how many have not yet
        self._counted: set[str] = set()

    def word(self, nets: Word, delay: int) -> list[T]:
        """Give the values of nets that must be `delay` registers behind the inputs."""
        found = []
        for net in nets:
            value, age = self._at(net)
            if age not in (None, delay):
                raise self.module.problem(
                    net, f"must be {delay} registers behind the inputs, not {age}"
                )
            found.append(value)
        return found

    def _at(self, net: Net) -> tuple[T, int | None]:
        """Give a value and its age in registers, None for a constant.

        Nets wait on a list for those that they read: a chain of cells may be longer than Python's
        stack is deep.
        """
        waiting = [net]
        opened: set[Net] = set()
        while waiting:
            last = waiting[-1]
            missing = [] if last in self._values else self._missing(last)
            if missing and last in opened:
                raise self.module.problem(last, "must not depend on itself")
            if missing:
                opened.add(last)
                waiting += missing
                continue
            if last not in self._values:
                self._evaluate(last)
            opened.discard(last)
            waiting.pop()
        return self._values[net]

    def _missing(self, net: Net) -> list[Net]:
        """Give the nets without a value that a net is made from, the first of them last."""
        if net in self.registers:
            sources = [self.registers[net]]
        elif net in self.module.driver:
            words = self.module.driver[net][0].inputs.values()
            sources = [source for word in words for source in word]
        else:
            raise self.module.problem(
                net, "must be driven, or be payload that belongs to this lane"
            )
        return [source for source in reversed(sources) if source not in self._values]

    def _evaluate(self, net: Net) -> None:
        """Give a net its value, and its cell's other outputs theirs."""
        if net in self.registers:
            value, age = self._values[self.registers[net]]
            self._values[net] = (value, None if age is None else age + 1)
        else:
            self._run(self.module.driver[net][0])

    def _forget(self, cell: Cell) -> None:
        """Forget operands that no other cell and no port reads: long sums would fill the memory.

        One that is asked for all the same is worked out again, and its cell not counted twice.
        """
        if cell.name in self._counted:
            return
        self._counted.add(cell.name)
        for net in chain.from_iterable(cell.inputs.values()):
            self._left[net] = self._left.get(net, self.module.reads[net]) - 1
            if not self._left[net] and net not in self._kept:
                del self._values[net]

    def _run(self, cell: Cell) -> None:
        """Evaluate a cell whose operands have values."""
        operands: dict[str, list[T]] = {}
        ages: dict[int, Net] = {}
        for port, nets in cell.inputs.items():
            operands[port] = []
            for net in nets:
                value, age = self._values[net]
                operands[port].append(value)
                if age is not None:
                    ages.setdefault(age, net)
        output = cell.outputs.get("Y", ())
        if len(ages) > 1:
            named = " and ".join(f"{self.module.name_of(n)} {a}" for a, n in sorted(ages.items()))
            raise self.module.problem(
                output[0] if output else "x",
                f"all operands must be equally many registers behind the inputs, not {named}",
            )
        if not output or len(cell.outputs) != 1:
            raise self.module.problem(
                next(iter(sum(cell.outputs.values(), ())), "x"),
                f"must be driven by a cell that can be followed, not {cell.kind}",
            )
        age = next(iter(ages), None)
        for net, value in zip(output, self.rule(cell, operands), strict=False):
            self._values[net] = (value, age)
        self._forget(cell)
