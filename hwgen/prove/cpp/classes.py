"""Whether a value is the class of an argmax: the label of its largest sum, of equals the first."""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntType
from hwgen.prove.cpp.elements import Elements, exact
from hwgen.prove.cpp.values import Choice, Sum, Table, Value, constant
from hwgen.prove.netlist.netlist import NotProvedError


class Classes:
    """Sums of the network that an argmax compares; `labels` has the index of each label."""

    def __init__(self, elements: Elements, sums: list[Sum], labels: dict[int, int]) -> None:
        self.elements, self.sums, self.labels = elements, sums, labels

    def check(self, value: Value, kind: IntType) -> None:
        """Show that a value is the label of the largest sum, of the lowest index among equals.

        Raises
        ------
        NotProvedError
            Where it is not.
        """
        if self._is_of_one(value):
            return
        forms, given = _possible(self._choice(value))
        if not all(label in self.labels and label <= kind.hi for label in given):
            raise NotProvedError(f"argmax: must give labels, as {kind}, not {given}")
        indices = [self.labels[label] for label in given]
        if indices != sorted(set(indices)):
            raise NotProvedError(f"argmax: must prefer indices in order, not {indices}")
        forms = [self.elements.functions.normal(form) for form in forms]
        _check_sums(forms, [self.sums[index] for index in indices])
        for index in sorted({*range(len(self.sums))} - {*indices}):
            if not self._never_wins(index, indices):
                raise NotProvedError(f"argmax: sum {index} must be compared")

    def _is_of_one(self, value: Value) -> bool:
        """Whether all sums are functions of one code, and a value is the class of each."""
        if not isinstance(value, Table) or value.chosen is not None:
            return False
        try:
            sums = [exact(self.elements.over(value, element)) for element in self.sums]
        except NotProvedError:
            return False
        labels = np.array(list(self.labels))
        return bool((labels[np.stack(sums).argmax(axis=0)] == exact(value)).all())

    def _choice(self, value: Value) -> Choice:
        if isinstance(value, Table) and value.chosen is not None:
            return value.chosen
        if isinstance(value, Sum) and value.is_constant and value.constant in self.labels:
            return Choice((self.sums[self.labels[value.constant]],), (value,))
        if not isinstance(value, Choice):
            raise NotProvedError("argmax: must be the index of the largest sum")
        return value

    def _never_wins(self, index: int, others: list[int]) -> bool:
        """Whether a sum is never larger than all others, nor equal to the largest behind it."""
        own = self.sums[index]
        if any(_never_less(self.sums[other], other, own, index) for other in others):
            return True
        functions, variables = self.elements.functions, self.elements.variables
        before = [self.sums[other] for other in others if other < index]
        if before and functions.same_largest(before, [*before, own]):
            return True
        every = [self.sums[other] for other in others]
        return functions.same_largest(every, [*every, variables.added(own, constant(1))])


def _check_sums(forms: list[Sum], sums: list[Sum]) -> None:
    shifts = set()
    for form, wanted in zip(forms, sums, strict=True):
        if form.coefficients != wanted.coefficients or form.known is not None:
            raise NotProvedError("argmax: each sum must be that of the network")
        shifts.add(form.constant - wanted.constant)
    if len(shifts) != 1:
        raise NotProvedError("argmax: sums must differ from the network's by one constant")


def _possible(value: Choice) -> tuple[list[Sum], list[int]]:
    """Give forms and indices without those that an earlier one always wins against."""
    forms: list[Sum] = []
    indices: list[int] = []
    for form, result in zip(value.forms, value.results, strict=True):
        if not result.is_constant:
            raise NotProvedError("argmax: must be an index")
        if not any(earlier.limits.lo >= form.limits.hi for earlier in forms):
            forms.append(form)
            indices.append(result.constant)
    return forms, indices


def _never_less(one: Sum, own: int, other: Sum, place: int) -> bool:
    """Whether one sum wins against another for every input."""
    least = one.limits.lo - other.limits.hi
    if least > 0 or (least == 0 and own < place):
        return True
    apart = one.constant - other.constant
    return one.coefficients == other.coefficients and (apart > 0 or (apart == 0 and own < place))
