"""Checked reading of the JSON files of a design folder, which a person may have edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.json_file import load_json

_KINDS: dict[type, str] = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_json(path: Path, command: str) -> JsonFields:
    """Read a file whose top is an object.

    Parameters
    ----------
    path
        The file; messages name it by its last two parts, as the user sees the folder.
    command
        What writes the file, for the message.

    Raises
    ------
    ModelError
        Where the file is missing, is not JSON, or holds something else than an object.
    """
    try:
        document = load_json(path, parse_constant=str)  # NaN is no JSON; kept as the word
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: must be a whole JSON file, and cannot be read ({_reason(error)}); "
            f"write it again with `{command}`"
        ) from None
    return JsonFields(document, str(path), command)


def read_design_json(folder: Path) -> JsonFields:
    """Read the design.json of a design folder.

    Raises
    ------
    ModelError
        Where there is none, or it is damaged.
    """
    path = folder / "design.json"
    if not path.exists():
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        )
    return read_json(path, "hwgen build")


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


class JsonFields:
    """One object of a document: every value is fetched with the type that it must have."""

    def __init__(self, document: object, where: str, command: str) -> None:
        self.where, self.command = where, command
        if not isinstance(document, dict):
            raise self._wrong("", "an object", document)
        self.document: dict[str, Any] = document

    def text(self, key: str) -> str:
        """Read a string."""
        return str(self._get(key, str))

    def count(self, key: str, least: int = 0) -> int:
        """Read an integer that is not below `least`."""
        value = self._get(key, int)
        if value < least:
            raise self._wrong(key, f"an integer of at least {least}", value)
        return int(value)

    def integer(self, key: str) -> int:
        """Read an integer."""
        return int(self._get(key, int))

    def truth(self, key: str) -> bool:
        """Read true or false."""
        return bool(self._get(key, bool))

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Read an object with keys that are not known beforehand."""
        return dict(self._get(key, dict))

    def child(self, key: str) -> JsonFields:
        """Read an object inside this one."""
        return self._inside(self._get(key, dict), key)

    def children(self, key: str) -> list[JsonFields]:
        """Read a list of objects."""
        items = self._get(key, list)
        return [self._inside(item, f"{key}[{index}]") for index, item in enumerate(items)]

    def counts(self, key: str) -> tuple[int, ...]:
        """Read a list of integers that are not negative."""
        items = self._get(key, list)
        if any(type(item) is not int or item < 0 for item in items):
            raise self._wrong(key, "a list of integers of at least 0", items)
        return tuple(items)

    def integers(self, key: str) -> tuple[int, ...]:
        """Read a list of integers."""
        items = self._get(key, list)
        if any(type(item) is not int for item in items):
            raise self._wrong(key, "a list of integers", items)
        return tuple(items)

    def pairs(self, key: str) -> tuple[tuple[int, int], ...]:
        """Read a list of pairs of integers."""
        items = self._get(key, list)
        if any(not isinstance(it, list) or [type(i) for i in it] != [int, int] for it in items):
            raise self._wrong(key, "a list of pairs of integers", items)
        return tuple((first, second) for first, second in items)

    def pair(self, key: str) -> tuple[int, int]:
        """Read two integers above zero."""
        found = self.optional_pair(key)
        if found is None:
            raise self._wrong(key, "a list of two integers", None)
        return found

    def optional_pair(self, key: str) -> tuple[int, int] | None:
        """Read two integers above zero, or None where the key is missing or null."""
        items = self.document.get(key)
        if items is None:
            return None
        if not isinstance(items, list) or [type(item) for item in items] != [int, int]:
            raise self._wrong(key, "a list of two integers", items)
        if min(items) < 1:
            raise self._wrong(key, "a list of two integers of at least 1", items)
        return items[0], items[1]

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of strings."""
        items = self._get(key, list)
        if any(not isinstance(item, str) for item in items):
            raise self._wrong(key, "a list of strings", items)
        return tuple(items)

    def optional_text(self, key: str) -> str | None:
        """Read a string, or None where the key is missing or null."""
        return None if self.document.get(key) is None else self.text(key)

    def optional_count(self, key: str) -> int | None:
        """Read a count, or None where the key is missing or null."""
        return None if self.document.get(key) is None else self.count(key)

    def optional_positive(self, key: str) -> float | None:
        """Read a number above zero, or None where the key is missing or null."""
        value = self.document.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
            raise self._wrong(key, "a number above 0", value)
        return float(value)

    def optional_share(self, key: str) -> float | None:
        """Read a number from 0 to 1, or None where the key is missing or null."""
        value = self.document.get(key)
        if value is None:
            return None
        if not _is_number(value) or not 0 <= value <= 1:
            raise self._wrong(key, "a number from 0 to 1", value)
        return float(value)

    def optional_numbers(self, key: str) -> tuple[float, ...]:
        """Read a list of finite numbers, empty where the key is missing or null."""
        items = self.document.get(key)
        if items is None:
            return ()
        if not isinstance(items, list) or not all(map(_is_number, items)):
            raise self._wrong(key, "a list of finite numbers", items)
        return tuple(map(float, items))

    def optional_child(self, key: str) -> JsonFields | None:
        """Read an object inside this one, or None where the key is missing or null."""
        return None if self.document.get(key) is None else self.child(key)

    def _get(self, key: str, kind: type) -> Any:
        value = self.document.get(key)
        if type(value) is not kind:
            raise self._wrong(key, _KINDS[kind], value)
        return value

    def _inside(self, value: object, key: str) -> JsonFields:
        return JsonFields(value, f"{self.where}: {key}", self.command)

    def _wrong(self, key: str, expected: str, value: object) -> ModelError:
        shown = json.dumps(value)
        shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
        return self.refusal(key, f"must be {expected}, not {shown}")

    def refusal(self, key: str, problem: str) -> ModelError:
        """Give the error of a value, of the object itself where the key is empty."""
        where = f"{self.where}: {key}" if key else self.where
        return ModelError(f"{where} {problem}; write the file again with `{self.command}`")


def _is_number(value: object) -> bool:
    """Whether JSON's number is one that a float holds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308
