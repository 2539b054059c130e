"""What a sweep is to train, read from its TOML file and checked before any training."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from hwgen.errors import HwgenError
from training.recipes import RECIPES, Recipe, RecipeName

HINTS = {"recipe": RecipeName, **get_type_hints(Recipe)}
FIELDS = ("recipe", *(field.name for field in fields(Recipe) if field.name != "name"))
TOP = ("out", "data", "grid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A checked sweep.

    Parameters
    ----------
    trials
        Every training once, in the order of the file; seeds vary slowest.
    out
        File of the rows, JSON lines; None where the file does not say.
    data
        Folder of the data sets; None for the default.
    """

    trials: tuple[Recipe, ...]
    out: Path | None
    data: Path | None


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's TOML file.

    Raises
    ------
    HwgenError
        Where it is missing, not TOML, or names anything that no recipe has.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HwgenError(
            f"{path}: must be a readable TOML file ({error.strerror}); name the sweep's file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HwgenError(f"{path}: must be TOML ({error}); mend it") from None
    unknown = sorted(set(document) - set(TOP))
    if unknown:
        raise HwgenError(f"{path}: {unknown[0]} must be one of {', '.join(TOP)}; correct the name")
    grids = document.get("grid", [])
    if not isinstance(grids, list) or not grids:
        raise HwgenError(f"{path}: must hold at least one table [[grid]]; add one with a recipe")
    places = [(f"{path}: grid {number}", grid) for number, grid in enumerate(grids, 1)]
    trials = [trial for place, grid in places for trial in _trials(place, grid)]
    return Sweep(
        trials=tuple(dict.fromkeys(trials)),
        out=_path(path, document, "out"),
        data=_path(path, document, "data"),
    )


def _path(file: Path, document: dict[str, object], key: str) -> Path | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise HwgenError(f"{file}: {key} must be a path in quotes, not {value!r}")
    return None if value is None else Path(value)


def _trials(place: str, grid: dict[str, object]) -> Iterator[Recipe]:
    """Yield the product of all lists of a grid, seeds slowest."""
    if "recipe" not in grid:
        raise HwgenError(f"{place}: must name its recipe; add recipe = {RecipeNames[0]!r}")
    axes = {key: _values(f"{place}: {key}", key, value) for key, value in grid.items()}
    names = sorted(axes, key=lambda key: (key != "seed", key != "recipe"))
    for values in product(*(axes[name] for name in names)):
        yield _trial(place, dict(zip(names, values, strict=True)))


def _trial(place: str, chosen: dict[str, object]) -> Recipe:
    """Give one recipe; `qat` has no accumulator bits, whatever the grid says.

    A grid with units has the recipe's accumulator bits only where it asks for bits.
    """
    name = chosen.pop("recipe")
    if chosen.get("method", RECIPES[name].method) == "qat":
        chosen["accumulator_bits"] = None
    if "units" in chosen:
        chosen.setdefault("accumulator_bits", None)
    try:
        return replace(RECIPES[name], **chosen)
    except HwgenError as error:
        raise HwgenError(f"{place}: {error}") from None


RecipeNames = get_args(RecipeName)


def _values(place: str, key: str, value: object) -> list[object]:
    """Give the values of one axis: one value, or a list of them."""
    if key not in FIELDS:
        raise HwgenError(f"{place} must be one of {', '.join(FIELDS)}; correct the name")
    if value == []:
        raise HwgenError(
            f"{place} must have at least one value, not none; give one or leave it out"
        )
    hint = HINTS[key]
    found = [value] if _fits(value, hint) or not isinstance(value, list) else value
    for item in found:
        if not _fits(item, hint):
            raise HwgenError(f"{place} must be {_wanted(hint)}, not {item!r}; correct the value")
    return [tuple(item) if isinstance(item, list) else item for item in found]


def _fits(value: object, hint: object) -> bool:
    """Whether a TOML value is of a field's type."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, choice) for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_fits(item, get_args(hint)[0]) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _wanted(hint: object) -> str:
    """Say a field's type in words."""
    choices = get_args(hint)
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, choices))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_wanted(choice) for choice in choices if choice is not NoneType)
    if get_origin(hint) is tuple:
        return f"a list, each {_wanted(choices[0])}"
    return {int: "a whole number", float: "a number", bool: "true or false"}[hint]
