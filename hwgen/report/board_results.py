"""What `hwgen board` made of a design: a bitstream for each board, where it is still of it."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.digests import digests
from hwgen.earlier import BOARD_FILES, BOARDS
from hwgen.json_fields import JsonFields, read_json
from hwgen.report.results import Reading
from hwgen.report.standing import Check, State, listed, stale_because

NAME = "board"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReport:
    """A bitstream; `cells` are those of the part, the clocks in MHz, `size` in bytes."""

    name: str
    part: str
    file: str
    size: int
    clock_mhz: float
    fmax_mhz: float | None
    cells: int | None
    brams: int


def read_boards(reading: Reading) -> tuple[tuple[Check, ...], tuple[BoardReport, ...]]:
    """Judge board/NAME/board.json of every board; its figures only where it holds.

    Raises
    ------
    ModelError
        Where one is damaged.
    """
    checks, found = [], []
    for path in sorted(reading.folder.glob(f"{BOARDS}/*/board.json")):
        place = path.parent.relative_to(reading.folder).as_posix()
        fields = read_json(path, f"hwgen board --board {path.parent.name}")
        command = f"hwgen board {reading.word} --board {fields.text('board')}"
        name = f"{NAME} {path.parent.name}"
        reason = stale_because(fields, reading.folder, _needed(reading)) or _changed_beside(
            reading, fields, place
        )
        if reason is not None:
            checks.append(Check(name=name, state=State.stale, command=command, reason=reason))
        elif (bitstream := fields.optional_child("bitstream")) is None:
            checks.append(Check(name=name, state=State.not_run, command=command))
        else:
            checks.append(Check(name=name, state=State.passed, command=command))
            found.append(_board(fields, bitstream, place))
    return tuple(checks), tuple(found)


def _needed(reading: Reading) -> tuple[str, ...]:
    return (f"{reading.design.name}.v", "plan.json", "network.npz", "design.json")


def _changed_beside(reading: Reading, fields: JsonFields, place: str) -> str | None:
    """Say which files of the board's folder are not as it was made."""
    before = fields.optional_child(BOARD_FILES)
    if before is None:
        return "it has no digests of its files, as an older hwgen wrote it"
    now = digests(reading.folder / place, before.document)
    changed = [f"{place}/{name}" for name, value in now.items() if value != before.text(name)]
    return f"{listed(changed)} changed since" if changed else None


def _board(fields: JsonFields, bitstream: JsonFields, place: str) -> BoardReport:
    return BoardReport(
        name=fields.text("board"),
        part=fields.text("part"),
        file=f"{place}/{bitstream.text('file')}",
        size=bitstream.count("bytes"),
        clock_mhz=fields.count("clock_hz") / 1e6,
        fmax_mhz=fields.optional_positive("fmax_mhz"),
        cells=fields.optional_count("cells"),
        brams=fields.count("brams"),
    )
