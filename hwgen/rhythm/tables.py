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
    size = 0
    while size < min(len(words) // 2, LONGEST):
        size += 1
        shorter = _repeats_folded(words, size)
        if len(shorter) < len(words):
            words, size = shorter, 0
    return " ".join(words)


def _repeats_folded(words: list[str], size: int) -> list[str]:
    """Write blocks of a size that come several times in a row once."""
    known = {word: index for index, word in enumerate(dict.fromkeys(words))}
    codes = np.array([known[word] for word in words])
    same = np.concatenate([[False], codes[size:] == codes[:-size], [False]])
    found, done = [], 0
    for first, last in np.flatnonzero(same[1:] != same[:-1]).reshape(-1, 2).tolist():
        times = (last - first) // size + 1
        if times > 1 and first >= done:
            block = " ".join(words[first : first + size])
            found += [*words[done:first], f"({block})*{times}"]
            done = first + times * size
    return found + words[done:]
