"""Loops over numbers, compiled by numba where they are first called and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

Loop = Callable[..., Any]


def compiled(
    *fastmath: str, parallel: bool = False, version: str = "", bare: bool = False
) -> Callable[[Loop], Loop]:
    """Compile a loop when it is first called, and keep it on disk where a folder can be written.

    A `bare` one becomes part of those that call it, and can make no arrays, so that those that it
    is given are not counted: loops over many tables would spend most of their time with that.

    What is on disk is used while the loop's own file is as it was. A loop that calls loops of other
    files needs a `version` that changes when one of these does, see `version_of`.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
    options |= {"parallel": parallel, "forceinline": bare, "_nrt": not bare}

    def decorate(function: Loop) -> Loop:
        if version:  # part of the name of the file on disk
            function.__qualname__ = f"{function.__qualname__}_{version}"
        try:
            loop: Loop = njit(cache=True, **options)(function)
        except RuntimeError:  # numba found no place for its cache
            loop = njit(**options)(function)
        return loop

    return decorate


def version_of(package: str) -> str:
    """Give a word that changes when a file of a package does."""
    files = sorted(Path(package).parent.glob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
