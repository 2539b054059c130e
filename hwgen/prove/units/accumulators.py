"""The accumulators of a unit, whose sums must fit in every cycle."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.prove.forms.forms import Bit, Form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.words import read_word
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accumulator:
    """A register, and the sums with the lowest and the highest value that it ever holds."""

    name: str
    bits: int
    lowest: Form
    highest: Form


class Watch:
    """Follows the registers that add to themselves.

    Parameters
    ----------
    machine
        The unit.
    rules
        Its algebra.
    """

    def __init__(self, machine: Machine, rules: Rules) -> None:
        self._machine = machine
        self._inputs = rules.linear.inputs
        self._registers = accumulating(machine.module)
        self._seen: dict[Word, tuple[object, ...]] = {}
        self._found: dict[str, Accumulator] = {}

    def look(self) -> None:
        """Read what every accumulator is about to hold.

        Raises
        ------
        NotProvedError
            Where a sum does not fit, or is none.
        """
        for flop in self._registers:
            nets = flop.inputs["D"]
            word = self._machine.get(nets)
            if self._seen.get(nets) == word:
                continue
            self._seen[nets] = word
            bits = [value for value in word if isinstance(value, int | Bit)]
            if len(bits) < len(word) or not any(isinstance(value, Bit) for value in bits):
                continue
            module, place = self._machine.module, flop.outputs["Q"][0]
            reading = read_word(bits, self._inputs)
            if isinstance(reading, int) or reading.dropped:
                raise module.problem(place, "must hold a sum of inputs with all of its bits")
            form = reading.form.modulo(len(word))
            if not form.fits(len(word)):
                raise module.problem(
                    place,
                    f"must hold sums from {form.limits.lo} to {form.limits.hi}, and has "
                    f"{len(word)} bits",
                )
            self._note(module.name_of(place).split("[")[0], len(word), form)

    def _note(self, name: str, bits: int, form: Form) -> None:
        old = self._found.get(name)
        low = form if old is None or form.limits.lo < old.lowest.limits.lo else old.lowest
        high = form if old is None or form.limits.hi > old.highest.limits.hi else old.highest
        self._found[name] = Accumulator(name=name, bits=bits, lowest=low, highest=high)

    def accumulators(self) -> tuple[Accumulator, ...]:
        """Give all that held a sum."""
        return tuple(self._found.values())


def accumulating(module: Module) -> list[Cell]:
    """Give the registers that load a sum with what they hold."""
    found = []
    for flop in module.cells:
        if flop.kind != "$dff":
            continue
        held = set(flop.outputs["Q"])
        adders = _adders(module, flop.inputs["D"])
        if any(held.intersection(a.inputs["A"] + a.inputs.get("B", ())) for a in adders):
            found.append(flop)
    return found


def _adders(module: Module, nets: Word) -> list[Cell]:
    """Give the adders whose sums reach nets through choices."""
    found: dict[str, Cell] = {}
    seen: set[Net] = set()
    waiting = list(nets)
    while waiting:
        net = waiting.pop()
        if net in seen or net not in module.driver:
            continue
        seen.add(net)
        cell = module.driver[net][0]
        if cell.kind in ("$add", "$sub"):
            found[cell.name] = cell
        if cell.kind in ("$mux", "$pmux"):
            waiting += cell.inputs["A"] + cell.inputs["B"]
    return list(found.values())
