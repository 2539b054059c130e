"""The pixels that a window buffer holds: rows in a memory, columns in registers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages.window import Tap, WindowBuffer
from hwgen.plan.stages.window_steps import WindowSteps
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.delay_line import DelayLine

Key = TypeVar("Key")
Word = dict[int, Value]  # of input lanes, their bits


def unpacked(bits: Value, like: Mapping[Key, Value]) -> dict[Key, Value]:
    """Cut bits into pieces as wide as those of `like`."""
    word, place = {}, 0
    for key, value in like.items():
        word[key] = bits[place : place + len(value)]
        place += len(value)
    return word


class WindowTape:
    """Holds of each lane no more pixels than its taps need.

    What lies outside the image becomes its lane's value there where it is loaded, by the reset of
    the register: no logic lies in the way of the data.

    Parameters
    ----------
    m
        The module that it belongs to.
    plan
        The window buffer.
    step
        Moves the tape.
    row, column
        Count its steps.
    """

    def __init__(
        self, m: Module, plan: WindowBuffer, step: Signal, row: Signal, column: Signal
    ) -> None:
        self.m, self.plan, self.step, self.column = m, plan, step, column
        steps, rows, columns = WindowSteps(plan), Decisions(m, row), Decisions(m, column)
        self._row_masks = [rows.of(steps.row_mask(u)) for u in range(plan.kernel[0])]
        masks = [steps.column_mask(v) for v in range(plan.kernel[1])]
        self._column_masks = [(columns.of(mask.table), mask.apart) for mask in masks]

    @property
    def lanes(self) -> list[int]:
        """Lanes that are tapped anywhere."""
        return self._tapped(range(self.plan.kernel[0]), range(self.plan.kernel[1]))

    def shown(self, pixel: Word) -> dict[Tap, Value]:
        """Give the registers of all taps, of the pixel that the next step loads."""
        shown: dict[Tap, Value] = {}
        for u, passing in enumerate(self._rows(pixel)):
            outside = self._row_masks[u]
            for v in reversed(range(self.plan.kernel[1])):
                mask, apart = self._column_masks[v]
                tapped, passed = self._tapped([u], [v]), self._tapped([u], range(v))
                name = f"row{u}_column{v}"
                if apart:
                    register = self._load(passing, tapped, outside | mask, name)
                    passing = self._load(passing, passed, outside, f"row{u}_passing{v}")
                else:
                    reset = outside | mask if tapped else outside
                    both = sorted({*tapped, *passed})
                    register = passing = self._load(passing, both, reset, name)
                shown |= {Tap(u, v, lane): register[lane] for lane in tapped}
                outside = Const(0, 1)
        return shown

    def _rows(self, pixel: Word) -> list[Word]:
        """Give what comes next in each row of the window: the pixel, and in the places above it."""
        height, width = self.plan.kernel
        needed = [self._tapped(range(u + 1), range(width)) for u in range(height)]
        rows = [{lane: pixel[lane] for lane in lanes} for lanes in needed]
        above = {(u, lane): value for u, row in enumerate(rows[:-1]) for lane, value in row.items()}
        if above:
            newer = Signal(sum(len(value) for value in above.values()), name="rows_in")
            line = DelayLine(
                length=self.plan.row_steps,
                enable=self.step,
                place=self.column,
                kind=self.plan.memory,
                name="rows",
            )
            for (u, lane), value in unpacked(line.of(self.m, newer), above).items():
                rows[u][lane] = value
            self.m.d.comb += newer.eq(Cat(*(rows[u + 1][lane] for u, lane in above)))
        return rows

    def _load(self, word: Word, lanes: Collection[int], reset: Value, name: str) -> Word:
        """Give registers of some lanes, which a step loads."""
        value = {lane: word[lane] for lane in lanes}
        bits = Cat(*value.values())
        if not len(bits):
            return {}
        register = Signal(len(bits), name=name, reset_less=True)
        with self.m.If(self.step):
            self.m.d.sync += register.eq(Mux(reset, self._beside(value), bits))
        return unpacked(register, value)

    def _beside(self, word: Word) -> Value:
        """Give what the lanes of a word show outside the image."""
        beside = self.plan.beside or (0,) * len(self.plan.inputs.lanes)
        return Cat(Const(beside[lane] % (1 << len(v)), len(v)) for lane, v in word.items())

    def _tapped(self, rows: Collection[int], columns: Collection[int]) -> list[int]:
        """Lanes with a tap in some rows and columns of the window."""
        return sorted({t.lane for t in self.plan.taps if t.u in rows and t.v in columns})
