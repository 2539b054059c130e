"""Answers for functions of one sum, asked once for all sums that are alike.

What a cell gives for steps and bits of one sum depends on which steps they are and on the range of
the sum, not on which sum it is. On a map most sums are alike: those of a channel at all positions
whose windows lie inside. So an answer is kept without its sum, and given again for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from hwgen.prove.forms.forms import Bit, Form, Ranges
from hwgen.prove.forms.steps import Step

Stepped = int | Bit | Step
Named = int | tuple[Bit | Step, int]  # a bit, and its number among all that were met
FIRST = 2  # of these numbers: 0 and 1 are constants
MOST_ANSWERS = 1 << 18


class Alike:
    """Answers by question, range of the sum, and operands without their sum.

    Parameters
    ----------
    inputs
        Ranges of the sums, by column.
    """

    def __init__(self, inputs: Ranges) -> None:
        self._inputs = inputs
        self._numbers: dict[object, int] = {}
        self._answers: dict[object, tuple[Named, ...] | None] = {}

    def key(self, words: Iterable[Iterable[Stepped]]) -> tuple[int, object] | None:
        """Give the one sum that words are of, and what they are; None where there is not one."""
        column, found = None, []
        for value in chain.from_iterable(words):
            if isinstance(value, int):
                found.append(value)
                continue
            columns = value.form.coefficients
            own = next(iter(columns)) if len(columns) == 1 else None
            if own is None or column not in (None, own):
                return None
            column = own
            found.append(self._number(value))
        return None if column is None else (column, (self._inputs[column], *found))

    def answer(
        self,
        question: object,
        words: Iterable[Iterable[Stepped]],
        ask: Callable[[], Sequence[Stepped] | None],
    ) -> Sequence[Stepped] | None:
        """Give what `ask` gives, which must follow from the question and the words alone.

        A question is the cell or table itself, which is kept: another one never takes its place.
        """
        words = list(words)
        key = self.key(words)
        if key is None:
            return ask()
        column, operands = key
        if (question, operands) in self._answers:
            known = self._answers[question, operands]
            return None if known is None else [self._of(value, column) for value in known]
        found = ask()
        if len(self._answers) < MOST_ANSWERS:
            named = None if found is None else tuple(map(self._named, found))
            self._answers[question, operands] = named
        return found

    def _number(self, value: Bit | Step) -> int:
        """Give the number of a bit without its sum."""
        if isinstance(value, Step) and value.number is not None and value.number[0] is self:
            return value.number[1]
        form = value.form
        own: tuple[object, ...] = *form.coefficients.values(), form.constant, form.limits
        if isinstance(value, Bit):
            own += (value.index,)
        else:
            own += (value.drop, value.bits, value.first, value.changes.tobytes())
        return self._numbers.setdefault(own, len(self._numbers) + FIRST)

    def _named(self, value: Stepped) -> Named:
        return value if isinstance(value, int) else (value, self._number(value))

    def _of(self, value: Named, column: int) -> Stepped:
        """Give a bit of an answer, of another sum."""
        if isinstance(value, int):
            return value
        like, number = value
        ((_, slope),) = like.form.coefficients.items()
        form = Form({column: slope}, like.form.constant, like.form.limits)
        if isinstance(like, Bit):
            return Bit(form, like.index)
        return Step(form, like.drop, like.bits, like.first, like.changes, number=(self, number))
