"""Brackets of the irrational numbers that a file's arithmetic meets: roots and logarithms.

A threshold needs no more of such a number than on which side of an integer something lies, so an
interval of rationals is enough as long as it is narrow; who asks says how many digits.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt

Bracket = tuple[Fraction, Fraction]  # a number lies in it; both ends are equal where it is rational

FIRST_DIGITS = 40
MOST_DIGITS = 1280


def root(square: Fraction, digits: int) -> Bracket:
    """Bracket the square root of a number that is not negative."""
    top, bottom = isqrt(square.numerator), isqrt(square.denominator)
    if top * top == square.numerator and bottom * bottom == square.denominator:
        exact = Fraction(top, bottom)
        return exact, exact
    # so many digits after the point that `digits` of them are not zero
    small = max(0, len(str(square.denominator)) - len(str(square.numerator)))
    unit = 10 ** (digits + small)
    low = isqrt(square.numerator * unit * unit // square.denominator)
    return Fraction(low, unit), Fraction(low + 1, unit)


def rational_root(square: Fraction) -> Fraction | None:
    """Give the square root where it is rational."""
    low, high = root(square, 1)
    return low if low == high else None


def logarithm(number: Fraction, digits: int) -> Bracket:
    """Bracket the natural logarithm of a positive number.

    `decimal` rounds a logarithm correctly, so it is off by half a unit of the last digit, and by
    what the quotient before it was rounded: less than one unit of its last digit, relative.
    """
    if number == 1:
        return Fraction(0), Fraction(0)
    context = Context(prec=digits + 10)
    quotient = context.divide(Decimal(number.numerator), Decimal(number.denominator))
    value = Fraction(context.ln(quotient))
    slack = (abs(value) + 1) / Fraction(10) ** (digits + 8)
    return value - slack, value + slack
