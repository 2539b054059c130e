"""Values of options as Python code may give them: checked against the fields' own types."""

from __future__ import annotations

from dataclasses import fields
from math import isfinite
from numbers import Integral, Real
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hwgen.errors import PlanError


def check_kinds(options: Any) -> None:
    """Check every field of a frozen dataclass; numbers of NumPy become Python's.

    Raises
    ------
    PlanError
        With the name of the field and what it may be.
    """
    hints = get_type_hints(type(options))
    for field in fields(options):
        value = getattr(options, field.name)
        taken = _taken(value, hints[field.name], field.name.replace("_", "-"))
        object.__setattr__(options, field.name, taken)


def _taken(value: object, hint: object, where: str) -> object:
    kinds = get_args(hint) if get_origin(hint) is not Literal else ()
    if NoneType in kinds:
        if value is None:
            return None
        hint = next(kind for kind in kinds if kind is not NoneType)
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if not isinstance(value, str) or value not in choices:
            raise PlanError(f"{where}: must be {_listed(choices)}, not {value!r}")
        return value
    number = not isinstance(value, bool)
    if hint is int and isinstance(value, Integral) and number:
        return int(value)
    if hint is float and isinstance(value, Real) and number and isfinite(value):
        return float(value)
    if hint is str or (hint is bool and isinstance(value, bool)):
        return value  # what a text may say is the options' own
    raise PlanError(f"{where}: must be {_WORDS[hint]}, not {value!r}")


_WORDS: dict[object, str] = {
    int: "a whole number",
    float: "a finite number",
    bool: "True or False",
}


def _listed(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
