"""What the columns of `hwgen inspect` are: below its table, and in its help."""

from __future__ import annotations

COLUMNS = (
    ("type", "the type of a channel's sum, or of a code"),
    ("zero", "share of the weights that are 0"),
    ("l1 max, l1 sum", "a channel's absolute weights added up: the largest, and of all channels"),
    ("data type", "bits of an accumulator by the types of inputs and weights alone"),
    ("A2Q norm", "bits by A2Q's bound, which knows the l1 norm"),
    ("signed", "bits by the exact range of the sums, in two's complement"),
    ("offset", "bits by the exact range, where the register starts at its own offset"),
    ("certified", "bits that the model says its sums keep; checked when it is read"),
    ("target", "what training was to keep: bits, or the largest l1 norm (u10)"),
)
WIDEST = "Bits are those of the widest channel; --json has every channel."


def columns_text(indent: str = "") -> str:
    """Give a line for each column."""
    wide = max(len(name) for name, _ in COLUMNS)
    lines = [f"{indent}{name:{wide}}  {meaning}" for name, meaning in COLUMNS]
    return "\n".join([*lines, f"{indent}{WIDEST}"])
