"""Checked access to plain data that is not trusted: every key, its type and its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from hwgen.errors import ModelError
from hwgen.numeric import IntArray, IntType

MAX_BITS = 16  # of an activation: 2**bits - 1 thresholds a channel
MAX_INPUT_BITS = 32


class Fields:
    """Checked access to one mapping of a document."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, dict):
            raise ModelError(
                f"{where}: must be a dict of plain data, not {type(document).__name__}"
            )
        self.document = document
        name = document.get("name")
        self.where = f"{where}: {name}" if isinstance(name, str) and "op" in document else where

    def _get(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        if key not in self.document:
            raise ModelError(f"{self.where}: key {key!r} is missing; export the model again")
        value = self.document[key]
        wrong_bool = isinstance(value, bool) and kind is not bool
        if wrong_bool or not isinstance(value, kind):
            raise ModelError(f"{self.where}: {key} must be {expected}, not {type(value).__name__}")
        return value

    def optional(self, key: str) -> object:
        """Give the value of a key, None where it is missing."""
        return self.document.get(key)

    def text(self, key: str) -> str:
        """Give a string."""
        return cast(str, self._get(key, str, "a string"))

    def integer(self, key: str) -> int:
        """Give an integer that fits 64 bits."""
        return self._in_64_bits(key, self._get(key, int, "an integer"))

    def number(self, key: str) -> float:
        """Give a number."""
        value = self._get(key, (int, float), "a number")
        return float(self._in_64_bits(key, value) if isinstance(value, int) else value)

    def mapping(self, key: str) -> Mapping[str, object]:
        """Give a dict of plain data."""
        return cast(Mapping[str, object], self._get(key, dict, "a dict"))

    def child(self, key: str) -> Fields:
        """Give a dict, with checked access."""
        return Fields(self._get(key, dict, "a dict"), f"{self.where}: {key}")

    def children(self, key: str) -> list[Fields]:
        """Give a list of dicts, with checked access."""
        items = self._get(key, (list, tuple), "a list")
        return [Fields(item, f"{self.where}: {key}[{i}]") for i, item in enumerate(items)]

    def strings(self, key: str) -> list[str]:
        """Give a list of strings."""
        return self._list(key, str, "strings")

    def integers(self, key: str) -> list[int]:
        """Give a list of integers that fit 64 bits."""
        return [self._in_64_bits(key, item) for item in self._list(key, int, "integers")]

    def pair(self, key: str) -> tuple[int, int]:
        """Two integers, (vertical, horizontal)."""
        values = self.integers(key)
        if len(values) != 2:
            raise ModelError(f"{self.where}: {key} must be two integers, not {len(values)}")
        return values[0], values[1]

    def _in_64_bits(self, key: str, value: int) -> int:
        """`value`, after it was checked to be one that a message can print and NumPy can hold."""
        if value.bit_length() > 63:
            raise ModelError(f"{self.where}: {key} must fit 64 bits; export the model again")
        return value

    def _list(self, key: str, kind: type, expected: str) -> list[Any]:
        items = self._get(key, (list, tuple), f"a list of {expected}")
        if any(isinstance(item, bool) or not isinstance(item, kind) for item in items):
            raise ModelError(f"{self.where}: {key} must be a list of {expected}")
        return list(items)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Give a list of numbers."""
        items = self._get(key, (list, tuple), "a list of numbers")
        if any(isinstance(item, bool) or not isinstance(item, (int, float)) for item in items):
            raise ModelError(f"{self.where}: {key} must be a list of numbers")
        whole = (self._in_64_bits(key, item) if isinstance(item, int) else item for item in items)
        return tuple(map(float, whole))

    def array(self, key: str) -> IntArray:
        """Give an integer tensor as int64."""
        value = self._get(key, np.ndarray, "an integer tensor")
        if value.dtype.kind not in "iu" or value.dtype == np.uint64:
            raise ModelError(f"{self.where}: {key} must be an integer tensor, not {value.dtype}")
        return cast(IntArray, value.astype(np.int64))

    def int_type(self, most_bits: int = MAX_BITS) -> IntType:
        """Give the integer type of the keys `bits` and `signed`; unsigned where that is missing."""
        bits = self.integer("bits")
        signed = self._get("signed", bool, "true or false") if "signed" in self.document else False
        if not 1 <= bits <= most_bits:
            raise ModelError(f"{self.where}: bits must be 1 to {most_bits}, not {bits}")
        return IntType(bits=bits, signed=signed)
