"""How numbers and their types read in C++, for every library of integers alike."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.numeric import IntType, Range

MOST_BITS = 62  # of a value: what 64-bit integers hold with room for a sign
INT_LIMIT = 1 << 31
INDENT = "  "


def type_name(kind: IntType) -> str:
    """Give the C++ type."""
    return f"ap_{'int' if kind.signed else 'uint'}<{kind.bits}>"


def literal(value: int, kind: IntType) -> str:
    """Give a constant of a type; a bare integer would have 32 bits and a sign."""
    return f"{type_name(kind)}({integer(reduced(value, kind))})"


def reduced(value: int, kind: IntType) -> int:
    """Give a value modulo 2 to the width of a type, as that type holds it."""
    return (value - kind.lo) % (1 << kind.bits) + kind.lo


def integer(value: int) -> str:
    """Give a bare integer, with the suffix that it needs."""
    return f"{value}" if -INT_LIMIT < value < INT_LIMIT else f"{value}LL"


def cast(text: str, given: IntType, wanted: IntType) -> str:
    """Give a value of type `given` as one of type `wanted`, as it is where they are the same."""
    return text if given == wanted else f"{type_name(wanted)}({text})"


def covering(*kinds: IntType) -> IntType:
    """Give the narrowest type that holds every value of all of these."""
    return Range(min(kind.lo for kind in kinds), max(kind.hi for kind in kinds)).type


def limits_text(limits: Range) -> str:
    """Give a comment with the values that a name can have."""
    return f"// {limits.lo} to {limits.hi}"


def indented(lines: list[str], depth: int = 1) -> list[str]:
    """Indent lines; pragmas and empty lines stay at the margin."""
    return [line if not line or line.startswith("#") else INDENT * depth + line for line in lines]


def table(kind: str, name: str, values: list[str]) -> list[str]:
    """Give a constant array, as many values a line as fit."""
    lines, line = [f"static const {kind} {name}[{len(values)}] = {{"], " "
    for value in values:
        if len(line) + len(value) > 96:
            lines.append(line)
            line = " "
        line += f" {value},"
    return [*lines, line.rstrip(","), "};"]


def check_bits(where: str, kind: IntType) -> None:
    """Refuse a value that is too wide for the integers of a plain compiler.

    Raises
    ------
    PlanError
        Where it is.
    """
    if kind.bits > MOST_BITS:
        raise PlanError(
            f"{where}: values must have at most {MOST_BITS} bits with --hls, not {kind.bits}; "
            "use fewer weight or input bits, or leave --hls out"
        )
