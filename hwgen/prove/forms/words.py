"""Reads the bits of a word as a linear form, where no bit of it is missing on any input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hwgen.prove.forms.congruent import fitting
from hwgen.prove.forms.forms import (
    Bit,
    Form,
    LinearBit,
    Ranges,
    bit,
    constant_form,
    inverted,
    linear_form,
    same,
    total,
)


class Reading(NamedTuple):
    """A word that is `form >> dropped` modulo 2**width.

    Where a `base` is given, all its bits from `dropped` on are its sign, and `form - base` is a
    multiple of 2**dropped: the word does not tell how many bits of the base were dropped.
    """

    form: Form
    dropped: int
    base: Form | None = None


def read_word(word: Sequence[LinearBit], inputs: Ranges) -> Reading | int:
    """Give the form whose bits a word has, or the place of the bit that is in the way.

    Low constant bits are a shift. The forms that the bits come from are tried one by one: a sum
    may have its low bits straight from an operand, which agree with those of the sum.
    """
    start = next((k for k, value in enumerate(word) if isinstance(value, Bit)), len(word))
    low = sum(value << k for k, value in enumerate(word[:start]) if isinstance(value, int))
    if start == len(word):
        return Reading(constant_form(low), 0)
    first = word[start]
    assert isinstance(first, Bit)
    if first.index and start:
        return start
    rest = word[start:]
    found = _matched(first.form, first.index, rest, inputs)
    place = found if isinstance(found, int) else 0
    for other in {id(b.form): b.form for b in rest if isinstance(b, Bit)}.values():
        if isinstance(found, int):
            found = _matched(other, first.index, rest, inputs)
    if isinstance(found, int):
        dropped = [bit(first.form, k) for k in range(first.index)]
        joined = _joined([*dropped, *rest], inputs)
        joined = _stacked(rest, inputs) if joined is None and not first.index else joined
        found = found if joined is None else joined
    if isinstance(found, int) and first.index:
        # bit i of a form is also that of its complement and 2**i: a code with inverted top bit
        first = Bit(first.form.inverse(), first.index)
        found = _matched(first.form.plus(1 << first.index), first.index, rest, inputs)
    if isinstance(found, int):
        return start + place
    if not first.index:
        return Reading(found.times(1 << start).plus(low) if start else found, 0)
    base = first.form if first.index == _sign_place(first.form) else first.form.base
    return Reading(found, first.index, base)


def _joined(word: Sequence[LinearBit], inputs: Ranges) -> Form | None:
    """Give the form of a word whose low bits are one form's and whose high bits another's."""
    first = word[0]
    if not isinstance(first, Bit) or first.index:
        return None
    place = 1
    while place < len(word) and same(word[place], bit(first.form, place)):
        place += 1
    upper = read_word(word[place:], inputs)
    if isinstance(upper, int):
        return None
    if not upper.dropped:
        fits = fitting(first.form, place, inputs)
        low = next((form for form in fits if form.limits.lo >= 0), None)
        return None if low is None else total(low, upper.form.times(1 << place), inputs)
    if upper.dropped == place and _begins(word, upper.form, place):
        return upper.form
    base = upper.base
    if base is None or _sign_place(base) > min(place, upper.dropped):
        return None
    if not _begins(word, base, place):
        return None
    rest = total(upper.form, base.times(-1), inputs)
    if any(v % (1 << upper.dropped) for v in (*rest.coefficients.values(), rest.constant)):
        return None
    factors = {c: (v >> upper.dropped) << place for c, v in rest.coefficients.items()}
    return total(
        base, linear_form(factors, (rest.constant >> upper.dropped) << place, inputs), inputs
    )


def _begins(word: Sequence[LinearBit], form: Form, places: int) -> bool:
    """Whether the low bits of a word are those of a form."""
    return all(same(bit(form, k), word[k]) for k in range(places))


def _stacked(word: Sequence[LinearBit], inputs: Ranges) -> Form | None:
    """Give the form of a word that is two whole ones, one above the other."""
    for place, value in enumerate(word[1:], 1):
        if isinstance(value, Bit) and not value.index:
            low, high = read_word(word[:place], inputs), read_word(word[place:], inputs)
            if isinstance(low, int) or isinstance(high, int) or high.dropped:
                continue
            plain = low.form.modulo(place)
            if plain.limits.lo >= 0 and plain.limits.hi < 1 << place:
                return total(plain, high.form.times(1 << place), inputs)
    return None


def _sign_place(form: Form) -> int:
    """Give the place from which on all bits are the sign."""
    return max(~form.limits.lo, form.limits.hi).bit_length() if form.limits.lo < 0 else -1


def _matched(form: Form, dropped: int, word: Sequence[LinearBit], inputs: Ranges) -> Form | int:
    """Give a form near `form` whose bits from `dropped` on are the word, or the place in the way.

    Where a bit is the complement of what the form has there, the form is 2**place more (a zero
    above a complemented word, an inverted top bit).
    """
    for place, found in enumerate(word, dropped):
        expected = bit(form, place)
        if same(expected, found):
            continue
        more = form.plus(1 << place)  # of which that bit is the complement, of a sign too
        if same(inverted(expected), found) or same(bit(more, place), found):
            form = more
            continue
        others = fitting(form, place, inputs)
        other = next((other for other in others if same(bit(other, place), found)), None)
        if other is None:
            return place - dropped
        form = other
    return form
