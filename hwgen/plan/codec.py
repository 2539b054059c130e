"""plan.json: frozen dataclasses as JSON and back, driven by their field types.

Dataclasses of a union carry their class name as `kind`; named tuples are lists. Reading checks
every type and names the place of what is wrong.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Annotated, Any, Literal

from hwgen.errors import PlanError

KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
MOST_BITS = 62  # of a whole number, as of a sum; those that are `Annotated` can be longer


def encode(value: Any) -> Any:
    """Give a dataclass, tuple or number as plain JSON data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {_key(f): encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": type(value).__name__} | fields
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(data: Any, kind: Any, where: str) -> Any:
    """Plain JSON data as an object of type `kind`.

    Raises
    ------
    PlanError
        Where the data has another shape, or the object refuses its values.
    """
    origin = typing.get_origin(kind)
    if origin is Annotated:
        if type(data) is not int:
            raise PlanError(f"{where}: must be {KINDS[int]}, not {json.dumps(data)}")
        return data
    if origin is Literal:
        if data not in typing.get_args(kind):
            raise PlanError(f"{where}: must be one of {typing.get_args(kind)}, not {data!r}")
        return data
    if origin in (typing.Union, types.UnionType):
        return _decode_union(data, typing.get_args(kind), where)
    if origin is tuple:
        return _decode_tuple(data, typing.get_args(kind), where)
    if isinstance(kind, type) and issubclass(kind, tuple):
        return kind(*_decode_tuple(data, tuple(typing.get_type_hints(kind).values()), where))
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(data, kind, where)
    return _plain(data, kind, where)


def _plain(data: Any, kind: Any, where: str) -> Any:
    """Check a value that is no structure; a whole number is a number too, true is none."""
    if type(data) is int and kind is float and data.bit_length() <= MOST_BITS:
        return float(data)
    if type(data) is not kind:
        raise PlanError(f"{where}: must be {KINDS[kind]}, not {json.dumps(data)}")
    if kind is int and data.bit_length() > MOST_BITS:
        raise PlanError(f"{where}: must fit {MOST_BITS} bits, not be {data}")
    return data


def _decode_union(data: Any, options: tuple[Any, ...], where: str) -> Any:
    if data is None and types.NoneType in options:
        return None
    options = tuple(option for option in options if option is not types.NoneType)
    if len(options) == 1:
        return decode(data, options[0], where)
    names = {option.__name__: option for option in options}
    name = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in names:
        raise PlanError(f"{where}: kind must be one of {', '.join(names)}, not {name!r}")
    return decode(data, names[name], where)


def _decode_tuple(data: Any, items: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise PlanError(f"{where}: must be a list, not {data!r}")
    if len(items) == 2 and items[1] is Ellipsis:
        items = (items[0],) * len(data)
    if len(items) != len(data):
        raise PlanError(f"{where}: must have {len(items)} items, not {len(data)}")
    return tuple(
        decode(item, kind, f"{where}[{index}]")
        for index, (item, kind) in enumerate(zip(data, items, strict=True))
    )


def _decode_dataclass(data: Any, kind: Any, where: str) -> Any:
    if not isinstance(data, dict) or data.get("kind") != kind.__name__:
        raise PlanError(f"{where}: must be a {kind.__name__}, not {str(data)[:40]!r}")
    check_keys(data, kind, where)
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {
        field.name: decode(data[_key(field)], hints[field.name], f"{where}.{_key(field)}")
        for field in dataclasses.fields(kind)
    }
    try:
        return kind(**fields)
    except ValueError as error:
        raise PlanError(f"{where}: {error}") from None


def check_keys(data: dict[str, Any], kind: Any, where: str) -> None:
    """Refuse an object that lacks a field of a dataclass or has another.

    Raises
    ------
    PlanError
        With the keys that are missing and unknown.
    """
    names = [_key(field) for field in dataclasses.fields(kind)]
    missing = [name for name in names if name not in data]
    unknown = [name for name in data if name not in names and name != "kind"]
    if missing or unknown:
        raise PlanError(
            f"{where}: must have the keys {', '.join(names)}; "
            f"missing: {', '.join(missing) or 'none'}, unknown: {', '.join(unknown) or 'none'}"
        )


def _key(field: dataclasses.Field[Any]) -> str:
    """Name of a field in the file, with an underscore where the class name has that key."""
    return f"{field.name}_" if field.name == "kind" else field.name
