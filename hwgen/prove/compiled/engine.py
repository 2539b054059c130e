"""A unit run in compiled loops; what they have not met is asked of the rules, for all atoms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwgen.numeric import Range
from hwgen.prove.compiled import cycles, layout, settle
from hwgen.prove.compiled.layout import (
    ELEMENTS,
    LETTER_BITS,
    MOST_ATOMS,
    Bytes,
    Elements,
    Longs,
    State,
)
from hwgen.prove.compiled.learn import Teacher
from hwgen.prove.compiled.letters import Letter, Letters
from hwgen.prove.compiled.lookup import find, key_of
from hwgen.prove.compiled.program import jobs_of, program_of
from hwgen.prove.compiled.sums import compact, keep, longer, merged_terms, no_sums, renamed
from hwgen.prove.compiled.table import Table
from hwgen.prove.forms.forms import Form
from hwgen.prove.machine.memory import memories_of
from hwgen.prove.netlist.netlist import Cell, Module

NOTHING = np.zeros((1, 0), np.int64)
ALWAYS = np.ones(2, np.uint8)
SUMS_AT_FIRST = 1 << 18
SHOWN_AT_ONCE = 1 << 10
MOST_KEYS = 1 << 12  # of a cone, each of which is some milliseconds
FARTHEST = 1 << 62  # ends beyond are as good as this one: nothing is added up beyond LARGEST
Shows = Callable[[Longs], None]  # told the payloads that left, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A bit of the payload that is offered: a letter of an element, or what it always is."""

    column: int
    letter: Letter


class Engine:
    """A unit, what it holds, and what is known of its operations.

    Parameters
    ----------
    module, document
        The netlist, and what Yosys wrote of it.
    ranges
        Range of each element of a vector.
    watched
        Registers whose sums must fit.
    wide_sums
        Whether elements are sums of which step functions are followed.

    Raises
    ------
    NotProvedError
        Where a register, a memory or a cell is of another kind, or cells make a loop.
    """

    def __init__(
        self,
        module: Module,
        document: Mapping[str, Any],
        ranges: Sequence[Range],
        watched: Sequence[Cell] = (),
        *,
        wide_sums: bool = False,
    ) -> None:
        self.module = module
        self.memories = memories_of(module, document)
        for flop in (cell for cell in module.cells if cell.kind == "$dff"):
            if flop.inputs["CLK"] != module.port("clk") or not flop.parameters["CLK_POLARITY"]:
                raise module.problem(
                    flop.outputs["Q"][0], "must be clocked by the rising edge of clk"
                )
        self._watched = watched
        jobs = jobs_of(module, self.memories, watched)
        signs: dict[object, int] = {}
        numbers = [signs.setdefault(job.sign(module), len(signs)) for job in jobs]
        self.program, self._wires = program_of(module, self.memories, jobs, numbers)
        self.letters = Letters()
        self._table = Table(self.letters)
        different: dict[Range, int] = {}
        kinds = [different.setdefault(limits, len(different)) for limits in ranges]
        self.elements = Elements(
            kind=np.array(kinds, np.int32),
            low=np.array([max(limits.lo, -FARTHEST) for limits in ranges], np.int64),
            high=np.array([min(limits.hi, FARTHEST) for limits in ranges], np.int64),
        )
        self.teacher = Teacher(
            module, self.memories, jobs, self.letters, list(different), wide_sums=wide_sums
        )
        self.columns, self.ranges = len(ranges), tuple(ranges)
        self.sums = no_sums(SUMS_AT_FIRST)
        self.state = self._nothing(len(jobs))
        self.count = np.zeros(cycles.COUNTERS, np.int64)
        self._scratch = (
            np.zeros(int(self.program.width.max(initial=0)) + 1, np.int64),
            np.zeros(len(self.program.write_memory), np.int64),
            np.zeros(1, np.int64),
        )
        self._shown = np.zeros((SHOWN_AT_ONCE, len(self.program.shown)), np.int64)
        self._exact: dict[int, list[Form]] = {}  # of watched registers
        self._any = len(signs)  # the sign of a word that is read
        self._keys: Counter[int] = Counter()  # of the cones of a sign
        self.reset()

    def _nothing(self, jobs: int) -> State:
        program = self.program
        words, watched = int(program.memory_first[-1]), len(self._watched)
        terms = 3 + 2 * MOST_ATOMS
        return State(
            wires=np.full(self._wires.count, layout.UNKNOWN, np.int64),
            dirty=np.ones(jobs, np.uint8),
            cells=np.zeros(int(program.memory_at[-1]), np.int64),
            next=np.zeros(len(program.held), np.int64),
            written=np.zeros(words, np.uint8),
            missed=np.zeros(words, np.uint8),
            kept=np.zeros(words, np.uint8),
            added=np.zeros(jobs, np.uint8),
            wraps=np.zeros(jobs, np.uint8),
            apart=np.zeros(jobs, np.uint8),
            low=np.full((watched, terms), -1, np.int64),
            high=np.full((watched, terms), -1, np.int64),
            bits=np.zeros(int(np.diff(program.starts).max(initial=0)) + 1, np.int64),
        )

    @property
    def deepest(self) -> int:
        """Give the words of the largest memory."""
        return max((memory.size for memory in self.memories), default=0)

    def reset(self) -> None:
        """Forget all that registers and memories hold, and pass through a cycle of reset."""
        state, program = self.state, self.program
        state.wires[:] = layout.UNKNOWN
        state.wires[:2] = 0, 1
        state.dirty[:] = 1
        for m, memory in enumerate(self.memories):
            first = program.memory_first[m]
            kept = np.flatnonzero(state.kept[first : first + memory.size]).tolist()
            start, end = program.memory_at[m], program.memory_at[m + 1]
            state.cells[start:end] = [
                value if isinstance(value, int) else layout.UNKNOWN
                for word in memory.unknown(kept)
                for value in word
            ]
        self.count[:] = 0
        self.count[cycles.FIRST] = -1
        if not len(program.reset):
            return
        for level in (1, 0):
            self._go((cycles.RESET, 0, 0, 0, 0, 0, 0, level))
            if level:  # what is written meanwhile is where something was written before
                settle.load(program, state)

    def show_every(self, beats: int) -> None:
        """Tell of payloads when so many have left."""
        self._shown = np.zeros((beats, len(self.program.shown)), np.int64)

    def keep_unwritten(self) -> bool:
        """Let words that were read and never written count from the next reset on.

        Tells whether there are any that did not.
        """
        state = self.state
        new = (state.missed != 0) & (state.written == 0) & (state.kept == 0)
        state.kept[new] = 1
        return bool(new.any())

    def steady(self, feed: Longs, most: tuple[int, int], shows: Shows) -> bool:
        """Offer vectors until one begins, or until it has stopped: then False.

        `most` are the limits of `steady.most_for`.
        """
        return self._go((cycles.STEADY, *most, 0, 0, 0, 0, 0), feed, shows) == cycles.BOUNDARY

    def few(
        self, feed: Longs, limits: tuple[int, int, int, int], moves: Bytes, shows: Shows
    ) -> None:
        """Offer a few vectors in the cycles that `moves` tells.

        `limits` are beats that come, beats that must leave, and cycles without any of both after
        which it ends: before all have left, and then.
        """
        self._go((cycles.FEW, 0, 0, *limits, 0), feed, shows, moves)

    def _go(
        self,
        limits: tuple[int, ...],
        feed: Longs = NOTHING,
        shows: Shows | None = None,
        moves: Bytes = ALWAYS,
    ) -> int:
        """Run the loop, and see to what it comes back for."""
        module, program = self.module, self.program
        while True:
            tables = program, self.state, self.sums, self.elements, self._table.known
            rest = np.array(limits, np.int64), moves
            found = cycles.run(*tables, feed, self.count, self._shown, self._scratch, *rest)
            place = int(self._scratch[2][0])
            if found == settle.MISS:
                self._learn(place)
            elif found == settle.TOO_WIDE:
                self._too_wide(place)
            elif found == settle.KEPT:
                port = [p for memory in self.memories for p in memory.writes][place]
                raise module.problem(
                    port.words[0], "must not be written to a word that was never one"
                )
            elif found == cycles.UNCERTAIN:
                name = ("i__valid", "i__ready", "o__valid", "o__ready")[
                    program.handshakes.tolist().index(place)
                ]
                raise module.problem(
                    module.port(name)[0], "must be known in every cycle, whatever the inputs"
                )
            elif found == cycles.ROOM:
                self._tell(shows)
                self._make_room()
            elif found == cycles.SHOWN:
                self._tell(shows)
            else:
                self._tell(shows)
                return found

    def _learn(self, place: int) -> None:
        """Learn what the operation at hand gives; the cells of a cone of too many keys go apart."""
        key, program = self._table.key(), self.program
        if program.kind[place] == layout.CONE:
            sign = int(program.sign[place])
            self._keys[sign] += 1
            if self._keys[sign] > MOST_KEYS:
                self.state.apart[program.sign == sign] = 1
                return
        self._table.add(key, self.teacher.recipe(place, key))

    def adders(self) -> tuple[int, int]:
        """Give how many adders added sums, and how many a sum that did not fit."""
        program, state = self.program, self.state
        added, wraps = state.added.copy(), state.wraps.copy()
        for head in np.flatnonzero((program.kind == layout.CONE) & (added != 0)).tolist():
            added[head] = 0
            for cell, fits in self.teacher.adders.get(int(program.sign[head]), {}).items():
                added[head + 1 + cell] = 1
                wraps[head + 1 + cell] |= not fits
        return int(added.sum()), int(wraps.sum())

    def _tell(self, shows: Shows | None) -> None:
        filled = int(self.count[cycles.FILLED])
        if filled and shows is not None:
            shows(self._shown[:filled])
        self.count[cycles.FILLED] = 0

    def _too_wide(self, place: int) -> None:
        """Work out a sum that may not fit, term by term: terms of one element may cancel.

        Raises
        ------
        NotProvedError
            Where it does not fit, or is none.
        """
        program, index = self.program, int(self.program.detail[place])
        wires = program.ports[program.starts[place] : program.starts[place + 1]]
        net, size = self._watched[index].outputs["Q"][0], len(wires)
        whole = self.form_of(self.state.wires[wires])
        if whole is None:
            raise self.module.problem(net, "must hold a sum of inputs with all of its bits")
        form = self.linear(*whole).modulo(size)
        if not form.fits(size):
            raise self.module.problem(
                net,
                f"must hold sums from {form.limits.lo} to {form.limits.hi}, and has {size} bits",
            )
        self.state.dirty[place] = 0
        self._exact.setdefault(index, []).append(form)

    def _make_room(self) -> None:
        """Give up sums that nothing holds, and make the tables longer where many are left."""
        moved = np.zeros(len(self.sums.low) + 1, np.int64)
        state, ends = self.state, (self.state.low, self.state.high)
        roots = [row[3 : 3 + 2 * max(int(row[0]), 0) : 2] for side in ends for row in side]
        others = np.concatenate([np.zeros(0, np.int64), *roots]) << LETTER_BITS
        keep(self.sums, np.concatenate([state.wires, state.cells, others]), moved)
        compact(self.sums, moved)
        renamed(state.wires, moved)
        renamed(state.cells, moved)
        for root in roots:
            inner = root < ELEMENTS
            root[inner] = moved[root[inner]]
        if self.sums.made[0] > len(self.sums.low) // 2 or not cycles.has_room(
            self.program, self.sums
        ):
            self.sums = longer(self.sums)

    def written_out(
        self, atoms: Longs, factors: Longs, constant: int
    ) -> tuple[Longs, Longs, int] | None:
        """Give a sum as its elements in order, their factors, and its constant."""
        return merged_terms(self.sums, atoms, factors, constant)

    def form_of(self, codes: Longs) -> tuple[Longs, Longs, int] | None:
        """Give the sum of elements whose bits a word has, None where it is none."""
        known = self._table.known
        size = key_of(codes, self._any, self.sums, self.elements, known)
        if size < 0:
            return None
        slot = find(known, size)
        if known.slots[slot] < 0:
            known.key[-1] = size
            key = self._table.key()
            form = self.teacher.form(key)
            recipe = [-1, 0]
            if form is not None:
                terms = [v for pair in sorted(form.coefficients.items()) for v in pair]
                recipe = [len(form.coefficients), form.constant, *terms]
            self._table.add(key, recipe)
            return self.form_of(codes)
        at = known.recipe_at[known.slots[slot]]
        many = int(known.recipes[at])
        if many < 0:
            return None
        pairs = known.recipes[at + 2 : at + 2 + 2 * many].reshape(-1, 2)
        return self.written_out(known.read[pairs[:, 0]], pairs[:, 1], int(known.recipes[at + 1]))

    def held(self) -> bytes:
        """Describe what registers and memories hold, with vectors counted from the next one on."""
        program, state = self.program, self.state
        parts = [state.wires[program.held]]
        for m, memory in enumerate(self.memories):
            if memory.writes:
                parts.append(state.cells[program.memory_at[m] : program.memory_at[m + 1]])
        codes = np.concatenate(parts)
        before = int(self.count[cycles.VECTOR]) * self.columns
        atoms = codes >> LETTER_BITS
        is_element = atoms >= ELEMENTS
        found = np.where(is_element, codes - (before << LETTER_BITS), codes)
        names: dict[bytes, int] = {}
        sums = np.unique(atoms[(codes > layout.UNKNOWN) & ~is_element])
        for atom in sums.tolist():
            whole = self.written_out(np.array([atom]), np.array([1]), 0)
            key = b"?%d" % atom
            if whole is not None:
                columns, factors, constant = whole
                key = (columns - before).tobytes() + factors.tobytes() + b"%d" % constant
            here = (atoms == atom) & (codes > layout.UNKNOWN)
            number = names.setdefault(key, len(names))
            found[here] = (codes[here] & (layout.LETTERS - 1)) | -(number + 2) << LETTER_BITS
        texts = b"".join(b"%d:" % len(key) + key for key in names)
        return found.tobytes() + texts

    def ends(self) -> list[tuple[Cell, Form, Form]]:
        """Give each watched register that held sums, with its lowest and its highest one."""
        found = []
        for index, flop in enumerate(self._watched):
            rows = [side[index] for side in (self.state.low, self.state.high)]
            forms = [self._end(row) for row in rows if row[0] >= 0] + self._exact.get(index, [])
            if forms:
                lowest = min(forms, key=lambda form: form.limits.lo)
                found.append((flop, lowest, max(forms, key=lambda form: form.limits.hi)))
        return found

    def _end(self, row: Longs) -> Form:
        terms = int(row[0])
        pairs = row[3 : 3 + 2 * terms].reshape(-1, 2)
        whole = self.written_out(pairs[:, 0].copy(), pairs[:, 1].copy(), int(row[1]))
        columns, factors, constant = ((), (), 0) if whole is None else whole
        return self.linear(columns, factors, constant)

    def linear(self, columns: Any, factors: Any, constant: int) -> Form:
        """Give a sum as a form, with its range."""
        columns, factors = np.asarray(columns, np.int64), np.asarray(factors, np.int64)
        of = columns % max(self.columns, 1)
        a, b = self.elements.low[of] * factors, self.elements.high[of] * factors
        limits = Range(
            constant + int(np.minimum(a, b).sum()), constant + int(np.maximum(a, b).sum())
        )
        terms = dict(zip(columns.tolist(), factors.tolist(), strict=True))
        return Form(terms, constant, limits)
