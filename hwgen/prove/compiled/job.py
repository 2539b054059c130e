"""An operation of a unit, as it is written into tables."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.prove.compiled import layout
from hwgen.prove.machine.memory import Port
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """An operation: a cell, the read of a memory, or a look at what a register is about to load.

    One with members is the cone of these, which are cells in order.
    """

    kind: int
    detail: int
    operands: tuple[Word, ...]
    output: Word
    names: tuple[str, ...] = ()
    also: Word = ()  # what it depends on beside its operands
    signed: tuple[bool, bool] = (False, False)
    cell: Cell | None = None
    memory: tuple[int, Port] | None = None
    members: tuple[Job, ...] = ()

    def reads(self) -> Word:
        """Give all nets that it depends on."""
        return sum(self.operands, ()) + self.also

    def sign(self, module: Module) -> tuple[object, ...]:
        """Give what jobs that give the same for the same operands have in common."""
        sizes = tuple(map(len, self.operands))
        if self.members:
            signs = tuple(member.sign(module) for member in self.members)
            return (self.kind, signs, self._wiring())
        if self.cell is None or self.kind == layout.WATCH:
            return (self.kind, self.detail if self.memory else 0, sizes)
        used = module.used_bits(self.output) if self.kind == layout.SUM else 0
        return (self.kind, self.cell.kind, sizes, self.signed, len(self.output), used)

    def _wiring(self) -> tuple[object, ...]:
        """Say what each bit that members read is: of an operand, of another member, constant."""
        places: dict[Net, object] = {net: k for k, net in enumerate(self.operands[0])}
        for k, member in enumerate(self.members):
            places |= {net: (k, bit) for bit, net in enumerate(member.output)}
        return tuple(places.get(net, net) for job in self.members for net in job.reads())
