"""Finds forms that a word of few bits can hold: congruent to a given one, and of short range."""

from __future__ import annotations

from collections.abc import Iterator

from hwgen.prove.forms.forms import Form, Ranges, linear_form


def representatives(form: Form, bits: int, inputs: Ranges) -> list[Form]:
    """Give the forms congruent modulo 2**bits that may span less than 2**bits.

    With the smallest coefficients, or with one other: a form that spans less than 2**bits and has
    a coefficient above half of that has all others smaller together than its distance to 2**bits.
    """
    size = 1 << bits
    least = {c: (v + size // 2) % size - size // 2 for c, v in form.coefficients.items()}
    choices = [least]
    if any(least.values()):
        column = max(least, key=lambda c: abs(least[c]))
        factor = least[column]
        choices.append(least | {column: factor - size if factor > 0 else factor + size})
    return [linear_form(coefficients, form.constant, inputs) for coefficients in choices]


def fitting(form: Form, bits: int, inputs: Ranges) -> Iterator[Form]:
    """Give those that a word of that many bits can hold as they are, unsigned or signed."""
    for found in representatives(form, bits, inputs):
        unsigned = found.plus(-(found.limits.lo >> bits << bits))
        yield from (f for f in (unsigned, unsigned.plus(-1 << bits)) if f.fits(bits))
