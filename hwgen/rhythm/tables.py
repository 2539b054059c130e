"""Rising numbers as short text: a first one, then differences, runs and repeats written once."""

from __future__ import annotations

import re

import numpy as np

from hwgen.numeric import IntArray

MOST = 1 << 26  # numbers of a table
LONGEST = 1 << 11  # of blocks that are looked for
TOKEN = re.compile(r"(-?\d{1,15})(?!\d)(?:\*(\d{1,15})(?!\d))?|\(|\)\*(\d{1,15})(?!\d)")


def spread(table: str) -> IntArray:
    """Give the numbers of a table: a first one, then differences.

    `4*3` is the difference 4 three times, and `(1 5)*2` is `1 5 1 5`.

    Raises
    ------
    ValueError
        Where the text is no table, or one of more than `MOST` numbers.
    """
    parts: list[list[IntArray]] = [[]]
    is_table, size = not TOKEN.sub("", table).strip(), 0
    for number, times, repeated in TOKEN.findall(table):
        block = np.array([int(number)]) if number else np.zeros(0, np.int64)
        if repeated and len(parts) > 1:
            block = np.concatenate([block, *parts.pop()])
            is_table &= len(block) > 0
        elif not number:
            is_table &= not repeated
            parts.append([])
        count = int(times or repeated or 1)
        size += count * len(block)
        is_table &= size <= MOST
        if not is_table:
            break
        parts[-1].append(np.tile(block, count))
    if not is_table or len(parts) != 1 or not parts[0]:
        raise ValueError(f"a table must be numbers, d*n and (...)*n, not {table[:40]!r}")
    found: IntArray = np.cumsum(np.concatenate(parts[0]))
    return found


def fold(numbers: IntArray) -> str:
    """Give a table of numbers: runs of equal differences, and what repeats itself."""
    steps = np.diff(numbers, prepend=0)
    starts = np.flatnonzero(np.diff(steps, prepend=steps[0] - 1))
    counts = np.diff(starts, append=len(steps))
    words = [
        str(step) if count == 1 else f"{step}*{count}"
        for step, count in zip(steps[starts].tolist(), counts.tolist(), strict=True)
    ]
    codes, size = _codes(words), 0
    while size < min(len(words) // 2, LONGEST):
        size += 1
        repeats = _repeats(codes, size)
        if repeats:
            words, size = _folded(words, size, repeats), 0
            codes = _codes(words)
    return " ".join(words)


def _codes(words: list[str]) -> IntArray:
    """Give equal words equal numbers."""
    known = {word: index for index, word in enumerate(dict.fromkeys(words))}
    return np.fromiter((known[word] for word in words), np.int32, len(words))


def _repeats(codes: IntArray, size: int) -> list[tuple[int, int]]:
    """Find blocks of a size that come several times in a row: their first word, and how often."""
    differs = np.flatnonzero(codes[size:] != codes[:-size])
    ends = np.concatenate([[-1], differs, [len(codes) - size]])
    alike = np.diff(ends) - 1  # words in a row that come again so much later
    found, done = [], 0
    for place in np.flatnonzero(alike >= size).tolist():
        first, times = int(ends[place]) + 1, int(alike[place]) // size + 1
        if first >= done:
            found.append((first, times))
            done = first + times * size
    return found


def _folded(words: list[str], size: int, repeats: list[tuple[int, int]]) -> list[str]:
    """Write each repeated block once."""
    found, done = [], 0
    for first, times in repeats:
        block = " ".join(words[first : first + size])
        found += [*words[done:first], f"({block})*{times}"]
        done = first + times * size
    return found + words[done:]
