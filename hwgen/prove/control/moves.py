"""Every move that a unit's control can make: all cases of its inputs, in each state it reaches.

A state is what the registers of control hold, as one number, the first register lowest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hwgen.prove.control.gates import MUX, ONE, Gates, Wire
from hwgen.prove.control.handshakes import NOWHERE, Cases, Ends, Move
from hwgen.prove.control.split import Split, check_control
from hwgen.prove.netlist.boolean import Samples
from hwgen.prove.netlist.netlist import Cell, Net, NotProvedError, Word
from hwgen.prove.netlist.walk import Operands, Walk

MOST_STATES = 1 << 20


class Control:
    """The control of a unit.

    Parameters
    ----------
    parts
        What of the unit is control.
    ends
        Its handshakes.
    cases
        What comes from outside. All that is not in it must not matter.

    Raises
    ------
    NotProvedError
        Where a handshake depends on data, a reset leaves a register as it was, or logic is of a
        kind that cannot be followed.
    """

    def __init__(self, parts: Split, ends: Ends, cases: Cases) -> None:
        self.parts, self.ends = parts, ends
        module = parts.module
        self._ports = [
            port for memory in parts.memories for port in (*memory.reads, *memory.writes)
        ]
        loaded = tuple(net for _, net in parts.control)
        handshakes = (ends.taken, ends.valid_out, ends.valid_in)
        check_control(module, parts.data, (*handshakes, *ends.seen))
        places = sum((port.address + port.enable for port in self._ports), ())
        wanted = dict.fromkeys((*loaded, *handshakes, *ends.seen, *parts.steering, *places))
        self.start = self._after_reset(loaded)
        self._gates = Gates()
        self._inputs = {net: self._gates.free() for net in ("x", *cases.nets)}
        self._held = {net: self._gates.free() for net, _ in parts.control}
        leaves = self._held | self._inputs | self._reset(0, self._gates)
        self._wires = dict(zip(wanted, self._walk(self._gates, leaves, tuple(wanted)), strict=True))
        rows = [(x, *row) for row in cases.rows for x in (0, 1)]  # unknown bits are either
        self._all = (1 << len(rows)) - 1
        self._patterns = {
            int(wire): sum(row[place] << k for k, row in enumerate(rows))
            for place, wire in enumerate(self._inputs.values())
        }
        held = [held for held in cases.held for _ in (0, 1)]
        self._with_held = [
            (count, sum(1 << k for k, each in enumerate(held) if each == count))
            for count in sorted(set(held))
        ]
        self._known: dict[int, tuple[Move, ...]] = {}

    def _after_reset(self, loaded: Word) -> int:
        """Give the state behind a cycle of reset, whatever was before it."""
        gates, module = Gates(), self.parts.module
        instances = [cell for cell in module.cells if not cell.kind.startswith("$")]
        words = [*module.ports.values(), *(w for c in instances for w in c.outputs.values())]
        outside = {net for word in words for net in word}
        outside -= {net for net in module.driver if module.driver[net][0] not in instances}
        leaves = {net: gates.free() for net in ("x", *outside)}
        leaves |= {net: gates.free() for net, _ in self.parts.control}
        leaves |= self._reset(1, gates)
        state = 0
        for place, wire in enumerate(self._walk(gates, leaves, loaded)):
            if wire > ONE:
                raise module.problem(self.parts.control[place][0], "must be set by a reset")
            state |= int(wire) << place
        return state

    def _reset(self, value: int, gates: Gates) -> dict[Net, Wire]:
        ports = self.parts.module.ports
        return {net: gates.constant(value) for net in ports.get("rst", ())}

    def _walk(self, gates: Gates, leaves: dict[Net, Wire], nets: Word) -> list[Wire]:
        module = self.parts.module
        algebra = Samples(module, 1)
        algebra.ones = gates.constant(1)

        def rule(cell: Cell, operands: Operands[Wire]) -> list[Wire]:
            if cell.kind == "$mux":
                (select,) = operands["S"]
                pairs = zip(operands["A"], operands["B"], strict=True)
                return [gates.gate(MUX, a, b, select) for a, b in pairs]
            plain: dict[str, list[int]] = {port: list(word) for port, word in operands.items()}
            found = algebra.rule(cell, plain)
            return [bit if isinstance(bit, Wire) else gates.constant(bit) for bit in found]

        constants = (gates.constant(0), gates.constant(1))
        return Walk(module, {}, leaves, constants, rule).word(nets, 0)

    def moves(self, state: int) -> tuple[Move, ...]:
        """Give all different moves in a state.

        Raises
        ------
        NotProvedError
            Where a beat is taken that is not offered.
        """
        if state not in self._known:
            self._known[state] = tuple(self._moves(state))
        return self._known[state]

    def all_moves(self) -> Iterator[Move]:
        """Give the moves of all states that can be reached.

        Raises
        ------
        NotProvedError
            Where they are too many.
        """
        reached = {self.start}
        waiting = [self.start]
        while waiting:
            for move in self.moves(waiting.pop()):
                yield move
                if move.state not in reached:
                    if len(reached) == MOST_STATES:
                        raise NotProvedError(
                            f"{self.parts.module.name}: must have fewer than {MOST_STATES} states"
                        )
                    reached.add(move.state)
                    waiting.append(move.state)

    def _moves(self, state: int) -> Iterator[Move]:
        given = dict(self._patterns)
        for place, wire in enumerate(self._held.values()):
            given[wire] = self._all if state >> place & 1 else 0
        values = self._gates.run(given, self._all)
        value = {net: values[wire] for net, wire in self._wires.items()}
        ends = self.ends
        offered, shown = value[ends.valid_in], value[ends.valid_out]
        ready = given[int(self._inputs[ends.ready_out])]
        cases = self._all & ~(ready & ~shown) if ends.pulled else self._all
        if ends.pulls and value[ends.taken] & ~offered & cases:
            raise self.parts.module.problem(ends.taken, "must take no beat that is not offered")
        taken, sent = value[ends.taken] & offered, shown & ready
        groups = [cases]
        for each in (*value.values(), sent):
            if each not in (0, self._all):
                groups = [part for g in groups for part in (g & each, g & ~each) if part]
        leaves = ready | ~shown
        starving = next((lanes for count, lanes in self._with_held if not count), 0)
        for group in groups:
            lane = (group & -group).bit_length() - 1
            bits = {net: each >> lane & 1 for net, each in value.items()}
            yield Move(
                state=packed([bits[net] for _, net in self.parts.control]),
                steering=packed([bits[net] for net in self.parts.steering]),
                reads=tuple(
                    packed([bits[net] for net in port.address])
                    for memory in self.parts.memories
                    for port in memory.reads
                ),
                writes=self._writes(bits),
                offered=bool(offered >> lane & 1),
                taken=bool(taken >> lane & 1),
                shown=bool(shown >> lane & 1),
                sent=bool(sent >> lane & 1),
                eager=bool(group & offered & leaves),
                starved=bool(group & ~offered & starving & leaves),
                held=next(count for count, lanes in self._with_held if group & lanes),
                seen=tuple(bits[net] for net in ends.seen),
            )

    def _writes(self, bits: dict[Net, int]) -> tuple[int, ...]:
        found = []
        for memory in self.parts.memories:
            for port in memory.writes:
                enabled = {bits[net] for net in port.enable}
                if len(enabled) > 1:
                    raise self.parts.module.problem(port.enable[0], "must write whole words")
                place = packed([bits[net] for net in port.address])
                found.append(place if enabled == {1} else NOWHERE)
        return tuple(found)


def packed(bits: Sequence[int]) -> int:
    """Give bits as one number, the first lowest."""
    return sum(bit << place for place, bit in enumerate(bits))
