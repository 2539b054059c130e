"""The data flow of compiled C++: every operation that one call of a design does on its input."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from importlib import resources
from pathlib import Path

import numpy as np

from hwgen.digests import digest
from hwgen.errors import ModelError, ToolError
from hwgen.numeric import IntArray
from hwgen.prove.cpp.words import check_words
from hwgen.prove.netlist.netlist import NotProvedError

OWN = ("hwgen_types.h", "hls_stream.h", "driver.cpp")  # in the place of the design's
# what may stand at the margin: types, functions, constants, labels, and rests of such lines
AT_MARGIN = re.compile(
    r"(struct \w+ \{|typedef |static const |(template <[^>]*> )?(static )?void \w+\(|\w+:$)"
)
STATE = re.compile(r"\bstatic (?!const |void )|\b(thread_local|extern|mutable|volatile|inline)\b")
# an index outside its array, or a sum of plain numbers outside their type, ends the program
TRAPS = ("-fsanitize=bounds,shift,signed-integer-overflow", "-fsanitize-undefined-trap-on-error")
COLUMNS = 7  # numbers of a node
PART = 1 << 14  # nodes


class Operation(IntEnum):
    """As in hwgen_types.h."""

    CONSTANT = 0
    PORT = 1
    FIELD = 2
    PUT = 3
    CAST = 4
    ADD = 5
    SUBTRACT = 6
    MULTIPLY = 7
    SHIFT_LEFT = 8
    SHIFT_RIGHT = 9
    INVERT = 10
    XOR = 11
    ABOVE = 12
    AT_LEAST = 13
    SELECT = 14
    LOOK = 15


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Nodes (count, 7) in the order in which they came about, tables, and the output words."""

    nodes: IntArray
    tables: IntArray
    ends: IntArray


READ = {  # where the nodes stand that a node reads; of all others they are a and b
    Operation.CONSTANT: (),
    Operation.PORT: (),
    Operation.FIELD: (3,),
    Operation.PUT: (3, 5),
    Operation.CAST: (3,),
    Operation.SHIFT_LEFT: (3,),
    Operation.SHIFT_RIGHT: (3,),
    Operation.INVERT: (3,),
    Operation.SELECT: (3, 4, 5),
    Operation.LOOK: (3,),
}
PLACES = tuple(READ.get(operation, (3, 4)) for operation in Operation)


def operands(node: list[int]) -> list[int]:
    """Give the nodes that a node reads."""
    return [node[place] for place in PLACES[node[0]]]


def trace_of(folder: Path, name: str) -> Trace:
    """Compile and call the design `name` in a folder of C++.

    Raises
    ------
    ModelError
        Where a file is missing.
    ToolError
        Where there is no compiler.
    NotProvedError
        Where the compiler refuses the code, or a value of the input decides what is done.
    """
    compiler = os.environ.get("CXX") or "g++"
    if shutil.which(compiler) is None:
        raise ToolError(f"{compiler}: must be on PATH; install it, or name another in CXX")
    with tempfile.TemporaryDirectory(prefix="hwgen-trace-") as place:
        where = Path(place)
        for file in (f"{name}.h", f"{name}.cpp"):
            try:
                shutil.copyfile(folder / file, where / file)
            except OSError:
                raise ModelError(
                    f"{folder / file}: must be the design's C++; build the design again"
                ) from None
        for file in OWN:
            text = (resources.files("hwgen.prove.cpp") / file).read_text(encoding="ascii")
            (where / file).write_text(text)
        header = (where / f"{name}.h").read_text(encoding="utf-8", errors="replace")
        code = (where / f"{name}.cpp").read_text(encoding="utf-8", errors="replace")
        _check_state(header, f"{name}.h")
        _check_state(code, f"{name}.cpp")
        check_words(header, code, name)
        _check_types(folder)
        command = [compiler, "-std=c++11", "-O0", "-w", "-I", ".", *TRAPS]
        command += [f"-DTOP={name}", f'-DSOURCE="{name}.cpp"', "-o", "trace", "driver.cpp"]
        _run(command, where, f"{name}.cpp")
        _run(["./trace", "trace.bin"], where, f"{name}.cpp")
        return _read(where / "trace.bin")


def _check_state(text: str, what: str) -> None:
    """Show that nothing but constants outlives a call, so that every call is as the first one."""
    for number, line in enumerate(text.splitlines(), 1):
        at_margin = bool(line) and not line.startswith((" ", "}", "#", "//"))
        if (at_margin and not AT_MARGIN.match(line)) or STATE.search(line):
            raise NotProvedError(
                f"{what}, line {number}: must declare nothing that outlives a call"
            )


def _check_types(folder: Path) -> None:
    """Show that the integers of the folder are those whose meaning the trace knows."""
    own = (resources.files("hwgen.prove.cpp") / "types.sha256").read_text("ascii").strip()
    if digest(folder / "hwgen_types.h") != own:
        raise NotProvedError(
            "hwgen_types.h: must be the file that hwgen writes; build the design again"
        )


def _run(command: list[str], folder: Path, what: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        errors = [line for line in words if "error" in line] or words
        said = errors[0] if errors else f"exit status {done.returncode}"
        raise NotProvedError(f"{what}: must run on values that are noted, and does not: {said}")


def _read(path: Path) -> Trace:
    numbers: IntArray = np.fromfile(path, np.int64)
    parts, place = [], 0
    for columns in (COLUMNS, 1, 1):
        count = int(numbers[place]) * columns
        parts.append(numbers[place + 1 : place + 1 + count])
        place += 1 + count
    return Trace(parts[0].reshape(-1, COLUMNS), parts[1], parts[2])


def needed(nodes: IntArray, ends: list[int]) -> tuple[list[int], list[int]]:
    """Give the nodes that the output depends on, in order, and of every node its last reader."""
    wanted = [False] * len(nodes)
    last = [-1] * len(nodes)
    for end in ends:
        wanted[end] = True
    for index, node in in_parts(nodes, range(len(nodes) - 1, -1, -1)):
        if not wanted[index]:
            continue
        for operand in operands(node):
            wanted[operand] = True
            if last[operand] < 0:
                last[operand] = index
    return [index for index, is_wanted in enumerate(wanted) if is_wanted], last


def in_parts(nodes: IntArray, indices: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Give nodes as Python's integers, never all of them at once."""
    for first in range(0, len(indices), PART):
        part = indices[first : first + PART]
        yield from zip(part, nodes[part].tolist(), strict=True)
