"""What an operation gives, asked of the rules of a symbolic run for atoms in general."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.numeric import Range
from hwgen.prove.compiled import layout
from hwgen.prove.compiled.job import Job
from hwgen.prove.compiled.layout import LETTER_BITS, LETTERS, NEW, Longs
from hwgen.prove.compiled.letters import BitOf, Letters, is_small, letter_of, value_of
from hwgen.prove.forms.forms import Bit, Form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.step_rules import Contents
from hwgen.prove.forms.steps import Step
from hwgen.prove.forms.values import UNKNOWN, CaseBit, Part, Value
from hwgen.prove.forms.words import read_word
from hwgen.prove.machine.memory import Memory, read
from hwgen.prove.netlist.netlist import Module, Net

MOST_MADE = 4  # atoms that an operation makes
NO_SUM = (-1, 0)  # the recipe of a look at a register that holds no sum
NOT_FOLLOWED = (-1, 0)  # that of a cone whose cells are evaluated one by one


class Places:
    """Ranges of the atoms that an operation reads."""

    def __init__(self) -> None:
        self.ranges: list[Range] = []

    def __getitem__(self, place: int, /) -> Range:
        """Give the range of the atom at a place."""
        return self.ranges[place]


class Teacher:
    """Gives recipes for what has not been met.

    Parameters
    ----------
    module, memories, jobs
        The unit.
    letters
        Letters so far.
    ranges
        Ranges of elements, by number.
    wide_sums
        Whether elements are sums of which step functions are followed.
    """

    def __init__(
        self,
        module: Module,
        memories: Sequence[Memory],
        jobs: Sequence[Job],
        letters: Letters,
        ranges: Sequence[Range],
        *,
        wide_sums: bool = False,
    ) -> None:
        self.places = Places()
        self.rules = Rules(module, self.places, wide_sums=wide_sums)
        self._module, self._memories, self._jobs = module, memories, jobs
        self._letters, self._ranges = letters, ranges
        self._is_sum: list[bool] = []  # of the atoms of the operation at hand
        self._tables: dict[int, Contents] = {}
        self.adders: dict[int, dict[int, bool]] = {}  # inner cells by cone, and whether sums fit

    def recipe(self, place: int, key: Longs) -> list[int]:
        """Give the recipe of an operation for a key.

        Raises
        ------
        NotProvedError
            Where a register is about to hold what is no sum.
        """
        job = self._jobs[place]
        values = self._values(key)
        if job.kind == layout.WATCH:
            return self._look(job, values)
        if job.members:
            found = self._written(self._cone(int(key[0]), job, values))
            followed = layout.UNKNOWN not in found[-len(job.members[-1].output) :]
            return found if followed else list(NOT_FOLLOWED)
        if job.memory is not None:
            return self._written(self._read(job.memory[0], values))
        assert job.cell is not None
        operands, start = {}, 0
        for port, word in zip(job.names, job.operands, strict=True):
            operands[port] = list(values[start : start + len(word)])
            start += len(word)
        return self._written(self.rules.rule(job.cell, operands))

    def _cone(self, sign: int, job: Job, values: Sequence[Value]) -> list[Value]:
        """Give what the last cell of a cone drives; `adders` are the others that added sums."""
        carried: dict[Net, Value] = {"0": 0, "1": 1}
        carried |= dict(zip(job.operands[0], values, strict=True))
        for place, member in enumerate(job.members):
            assert member.cell is not None
            words = zip(member.names, member.operands, strict=True)
            operands = {port: [carried.get(n, UNKNOWN) for n in word] for port, word in words}
            found = [*self.rules.rule(member.cell, operands)]
            adds = member.kind == layout.SUM and member is not job.members[-1]
            if adds and any(isinstance(value, Bit) for value in found):
                fits = self.rules.has_fit(member.cell)
                adders = self.adders.setdefault(sign, {})
                adders[place] = adders.get(place, True) and fits
            found += [UNKNOWN] * (len(member.output) - len(found))
            carried |= zip(member.output, found, strict=True)
        return [carried[net] for net in job.members[-1].output]

    def _read(self, number: int, address: Sequence[Value]) -> Sequence[Value]:
        """Give the word of a memory that nothing writes."""
        memory, steps = self._memories[number], self.rules.steps
        pointers = [value for value in address if isinstance(value, int | Bit | Step)]
        if steps is None or len(pointers) < len(address):
            return read(memory.contents, address)
        if number not in self._tables:
            self._tables[number] = memory.table()
        found = steps.read(self._tables[number], pointers)
        return (UNKNOWN,) * len(memory.contents[0]) if found is None else found

    def form(self, key: Longs) -> Form | None:
        """Give the sum that a word carries, over the places of its atoms."""
        values = self._values(key)
        bits = [value for value in values if isinstance(value, int | Bit)]
        reading = read_word(bits, self.places) if len(bits) == len(values) else 0
        return None if isinstance(reading, int) or reading.dropped else reading.form

    def _values(self, key: Longs) -> list[Value]:
        """Give the bits of a key."""
        codes = key.tolist()
        count = max((c >> LETTER_BITS for c in codes[1:] if c > layout.UNKNOWN), default=0)
        bits = codes[1 : len(codes) - count]
        numbers = codes[len(codes) - count :]
        self.places.ranges = [self._range(number) for number in numbers]
        self._is_sum = [number < 0 for number in numbers]
        return [self._value(code) for code in bits]

    def _value(self, code: int) -> Value:
        if code <= layout.UNKNOWN:
            return UNKNOWN if code == layout.UNKNOWN else code
        place = (code >> LETTER_BITS) - 1
        letter = self._letters.all[code & (LETTERS - 1)]
        return value_of(letter, place, self.places[place])

    def _range(self, number: int) -> Range:
        """Give a range by its number, see `lookup.range_number`."""
        if number >= 0:
            return self._ranges[number]
        if number > -layout.BLOCKS:
            below, above = divmod(-1 - number, 64)
            return Range(-1 << below, (1 << above) - 1)
        block, same = divmod(-layout.BLOCKS - number, 64)
        block = -(block + 1) // 2 if block & 1 else block // 2
        return Range(block << same, (block + 1 << same) - 1)

    def _look(self, job: Job, values: Sequence[Value]) -> list[int]:
        bits = [value for value in values if isinstance(value, int | Bit)]
        if len(bits) < len(values) or not any(isinstance(value, Bit) for value in bits):
            return list(NO_SUM)
        reading = read_word(bits, self.places)
        if isinstance(reading, int) or reading.dropped or not is_small(reading.form):
            assert job.cell is not None
            raise self._module.problem(
                job.cell.outputs["Q"][0], "must hold a sum of inputs with all of its bits"
            )
        form = reading.form
        terms = [value for pair in sorted(form.coefficients.items()) for value in pair]
        return [len(form.coefficients), form.constant, *terms]

    def _written(self, values: Sequence[Value]) -> list[int]:
        """Write what an operation gives as a recipe."""
        made: dict[object, int] = {}
        recipe: list[int] = []
        bits = [self._bit(value, made, recipe) for value in values]
        return [len(made), *recipe, len(bits), *bits]

    def _is_moved(self, value: Bit | Step | CaseBit | Part) -> bool:
        """Whether a bit is of a sum and a constant: as an atom it has its own exact range."""
        if not isinstance(value, Bit) or value.form.constant in (0, -1):
            return False
        return any(self._is_sum[place] for place in value.form.coefficients)

    def _bit(self, value: Value, made: dict[object, int], recipe: list[int]) -> int:
        if isinstance(value, int):
            return value
        if not isinstance(value, Bit | Step | CaseBit | Part):
            return layout.UNKNOWN
        if isinstance(value, Bit) and self.rules.steps is None and not is_small(value.form):
            return layout.UNKNOWN
        found = letter_of(value)
        if found is not None and not self._is_moved(value):
            place, letter = found
            return (place + 1) << LETTER_BITS | self._letters.number(letter)
        assert isinstance(value, Bit)
        form = value.form
        if not is_small(form):
            return layout.UNKNOWN
        key = (frozenset(form.coefficients.items()), form.constant)
        if key not in made:
            if len(made) == MOST_MADE:
                return layout.UNKNOWN
            made[key] = len(made)
            terms = sorted(form.coefficients.items())
            recipe += [len(terms), form.constant, *(v for pair in terms for v in pair)]
        own = self._letters.number(BitOf(1, 0, value.index))
        return NEW | made[key] << LETTER_BITS | own
