"""Loops over numbers, compiled by numba where they are first called and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

Loop = Callable[..., Any]


def compiled(*fastmath: str, parallel: bool = False) -> Callable[[Loop], Loop]:
    """Compile a loop when it is first called, and keep it on disk where a folder can be written."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
    options["parallel"] = parallel

    def decorate(function: Loop) -> Loop:
        try:
            loop: Loop = njit(cache=True, **options)(function)
        except RuntimeError:  # numba found no place for its cache
            loop = njit(**options)(function)
        return loop

    return decorate
