"""Plain data: strings, numbers, None, lists, dicts, and arrays of integers.

A model file holds nothing else, since reading it must run no code. Numbers of NumPy and torch count
as numbers and become Python's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hwgen.errors import ModelError

MAX_DEPTH = 32


def plain(value: object, where: str, *, keep_arrays: bool, depth: int = 0) -> Any:
    """Give the same as plain data.

    Parameters
    ----------
    where
        Place of the value, with which the sentence begins.
    keep_arrays
        Let arrays of integers stay arrays; all others become lists.

    Raises
    ------
    ModelError
        Where there is anything else, a number that is not finite, or a key that is no string.
    """
    if depth > MAX_DEPTH:
        raise ModelError(f"{where}: must be at most {MAX_DEPTH} levels deep; write it flatter")
    if keep_arrays and isinstance(value, np.ndarray):
        return _integers(value, where)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):  # NumPy's and torch's
        value = _as_list(value, where)
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value, where)
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, (list, tuple)):
        items = enumerate(value)
        return [
            plain(item, f"{where}[{i}]", keep_arrays=keep_arrays, depth=depth + 1)
            for i, item in items
        ]
    if isinstance(value, dict):
        return {
            _key(key, where): plain(
                item, f"{where}: {key}", keep_arrays=keep_arrays, depth=depth + 1
            )
            for key, item in value.items()
        }
    raise ModelError(
        f"{where}: must be plain data, strings, numbers, lists and dicts, "
        f"not {type(value).__name__}; write it as text"
    )


def _as_list(values: Any, where: str) -> Any:
    """Give an array's or a tensor's numbers; of the kinds that have none at hand, torch raises."""
    try:
        return values.tolist()
    except (RuntimeError, TypeError):  # NotImplementedError is a RuntimeError
        raise ModelError(
            f"{where}: must be plain data, and its numbers cannot be read; "
            "make it a dense array of this machine's memory"
        ) from None


def _integers(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind not in "iu":
        raise ModelError(f"{where}: must be integers, not {array.dtype}; round them first")
    if array.size and int(array.max()) >= 1 << 63:
        raise ModelError(f"{where}: must fit 64 bits with a sign; export the model again")
    return array


def _number(value: bool | float | None, where: str) -> bool | float | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > 63:
            raise ModelError(f"{where}: must fit 64 bits; write it as text")
        return int(value)
    if not math.isfinite(value):
        raise ModelError(f"{where}: must be finite, not {value}; leave it out or write it as text")
    return float(value)


def _text(value: str, where: str) -> str:
    if not is_unicode(value):
        raise ModelError(f"{where}: must be text in Unicode, without half characters")
    return str(value)


def is_unicode(text: str) -> bool:
    """Whether text can be written: a half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise ModelError(f"{where}: keys must be strings, not {type(key).__name__}; write str(key)")
    return _text(key, where)
