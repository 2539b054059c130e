"""Loops over numbers, compiled by numba where they are first called and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

Loop = Callable[..., Any]


def compiled(*fastmath: str, parallel: bool = False, bare: bool = False) -> Callable[[Loop], Loop]:
    """Compile a loop when it is first called, and keep it on disk where a folder can be written.

    A `bare` one becomes part of those that call it, and can make no arrays, so that those that it
    is given are not counted: loops over many tables would spend most of their time with that.

    What is on disk is used while all files of the loop's folder are as they were: it may call loops
    of the others, and has their constants in it.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
    options |= {"parallel": parallel, "forceinline": bare, "_nrt": not bare}

    def decorate(function: Loop) -> Loop:
        # part of the name of the file on disk
        version = _version_of(Path(function.__code__.co_filename).parent)
        function.__qualname__ = f"{function.__qualname__}_{version}"
        try:
            loop: Loop = njit(cache=True, **options)(function)
        except RuntimeError:  # numba found no place for its cache
            loop = njit(**options)(function)
        return loop

    return decorate


@cache
def _version_of(folder: Path) -> str:
    """Give a word that changes when a file of a folder does."""
    files = sorted(folder.glob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
