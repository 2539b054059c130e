"""Checks of what layers and quantizers are told: one sentence where a number cannot be meant.

NumPy's numbers count as numbers, and become Python's, so that a model file can hold them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import SupportsFloat, SupportsIndex

from hwgen.errors import SettingError
from hwgen.numeric import IntType

MAX_CODE_BITS = 16  # of what flows between layers: 2**bits - 1 thresholds a channel
MAX_WEIGHT_BITS = 24  # a float32 weight has no more
MAX_ACCUMULATOR_BITS = 62  # the integer reference computes in int64
MAX_UNITS = 10**9  # times 2**16 input codes, still far below int64
SMALLEST, LARGEST = 1e-30, 1e30  # of scales: float32 holds them times and over 2**16 and more


def whole(where: str, value: object, least: int, most: int | None = None) -> int:
    """Give a whole number as a Python int.

    Parameters
    ----------
    where
        What it is the number of, as the sentence begins: `weight quantizer: bits`.

    Raises
    ------
    SettingError
        Where it is none, or outside `least` to `most`.
    """
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise SettingError(f"{where} must be a whole number, not {_shown(value)}")
    try:
        number = operator.index(value)
    except TypeError:
        raise SettingError(f"{where} must be a whole number, not {_shown(value)}") from None
    if number < least:
        raise SettingError(f"{where} must be at least {least}, not {number}")
    if most is not None and number > most:
        raise SettingError(f"{where} must be at most {most}, not {number}")
    return number


def pair(where: str, value: object, least: int) -> tuple[int, int]:
    """Give (vertical, horizontal) of a size: one whole number for both, or two.

    Raises
    ------
    SettingError
        Where it is neither, or less than `least`.
    """
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(sizes) != 2:
        raise SettingError(f"{where} must be one whole number or two, not {len(sizes)}")
    return whole(where, sizes[0], least), whole(where, sizes[1], least)


def positive(where: str, value: object) -> float:
    """Give a positive finite number as a Python float.

    Raises
    ------
    SettingError
        Where it is none, or where float32, in which networks train, would make 0 or infinity of it.
    """
    number = math.nan
    if isinstance(value, SupportsFloat) and not isinstance(value, bool):
        try:
            number = float(value)
        except (TypeError, ValueError, RuntimeError, OverflowError):  # arrays, tensors of several
            number = math.nan
    if not (number > 0 and math.isfinite(number)):
        raise SettingError(f"{where} must be positive and finite, not {_shown(value)}")
    if not SMALLEST <= number <= LARGEST:
        raise SettingError(f"{where} must be {SMALLEST:.0e} to {LARGEST:.0e}, not {number}")
    return number


def truth(where: str, value: object) -> bool:
    """Give True or False, Python's or NumPy's, as Python's.

    Raises
    ------
    SettingError
        Where it is neither.
    """
    if str(value) not in ("True", "False") or isinstance(value, str):
        raise SettingError(f"{where} must be True or False, not {_shown(value)}")
    return bool(value)


def one_of(where: str, value: object, choices: Iterable[str]) -> None:
    """Refuse what is none of `choices`.

    Raises
    ------
    SettingError
        Where it is none of them.
    """
    names = tuple(choices)
    if value not in names:
        raise SettingError(f"{where} must be one of {', '.join(names)}, not {_shown(value)}")


def code_type(where: str, bits: object, signed: object) -> IntType:
    """Give the integer type of a quantizer of what flows between layers.

    Raises
    ------
    SettingError
        Where it has no bits, more than the hardware has thresholds for, or no positive code.
    """
    number = whole(f"{where}: bits", bits, 1, MAX_CODE_BITS)
    is_signed = truth(f"{where}: signed", signed)
    if is_signed and number == 1:
        raise SettingError(
            f"{where}: bits must be at least 2 where signed, not 1, whose codes are -1 and 0; "
            "use two bits, or one bit unsigned"
        )
    return IntType(bits=number, signed=is_signed)


def _shown(value: object) -> str:
    """Give a number as it is written, and of anything else its type."""
    if isinstance(value, (bool, int, float, str, type(None))):
        return repr(value)
    return type(value).__name__
