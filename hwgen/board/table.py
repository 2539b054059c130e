"""The boards: facts about each, of the package's table or of a TOML file of the user's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from hwgen.board.pll import Pll
from hwgen.errors import ModelError
from hwgen.json_file import why_unread

Family = Literal["ice40", "ecp5", "gowin"]
NOT_GIVEN = ("name", "pll")  # fields that no table has
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PIN = re.compile(r"[A-Za-z0-9]+")
_USB = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}(:\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What must be known of a board.

    Attributes
    ----------
    family, part, nextpnr, pack
        Of the FPGA: hwgen's target, its full name, and what nextpnr and the packer are told.
    luts, ffs, brams
        LUT sites, registers and block RAMs; on iCE40 a LUT and a register share a cell.
    clock_pin, clock_mhz, rx, tx
        `rx` is the pin on which the FPGA receives.
    led_passed, led_failed, leds_low
        Lamps of the self test; with one alone it blinks for "failed". `leds_low`: on at 0.
    io, leds_io
        Electrical standards of the pins, where the tools ask for them.
    bridge, usb
        What makes the serial port, and its USB vendor, product and perhaps interface.
    loader
        The board's name for openFPGALoader, "" where it is not programmed so.
    pll_pad
        The clock's pin on iCE40 is that of the PLL (SB_PLL40_PAD).
    pll
        What makes `clock_mhz` of the clock of the pin, None where that is the clock.
    pipeline
        For `hwgen build --pipeline` where cells are slower than those the planner knows.
    price
        $ to about 30 US dollars, $$ to 90, $$$ above.
    """

    name: str
    part: str
    family: Family
    nextpnr: tuple[str, ...]
    pack: tuple[str, ...] = ()
    luts: int
    ffs: int
    brams: int
    clock_pin: str
    clock_mhz: float
    rx: str
    tx: str
    led_passed: str
    led_failed: str = ""
    leds_low: bool
    io: str = "LVCMOS33"
    leds_io: str = "LVCMOS33"
    bridge: str = ""
    usb: str = ""
    loader: str = ""
    price: str = ""
    pipeline: str = ""
    pll_pad: bool = False
    pll: Pll | None = None  # of no file: `clock.at_clock` sets it

    @property
    def clock_hz(self) -> int:
        """The clock of the design."""
        return round(self.clock_mhz * 1e6)

    @property
    def pin_mhz(self) -> float:
        """The clock of the pin."""
        return self.clock_mhz if self.pll is None else float(self.pll.pin_mhz)


def board_names() -> tuple[str, ...]:
    """Give the names of the table, in its order."""
    return tuple(_table())


def find_board(name: str) -> Board:
    """Give the board of a name of the table, or of a TOML file.

    Raises
    ------
    ModelError
        Where there is none, or the file does not hold one.
    """
    if name in _table():
        return _board(name, name, _table()[name])
    path = Path(name)
    if path.suffix != ".toml":
        raise ModelError(
            f"board: must be {', '.join(_table())} or a file .toml, not {name!r}; "
            "`hwgen boards` shows the table"
        )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: must be a board in TOML, and cannot be read ({why_unread(error)}); "
            "docs/boards.md has one"
        ) from None
    own = str(document.pop("name", path.stem))
    if own in _table():
        raise ModelError(
            f"{path}: name must be another than those of the table, not {own!r}; give the file a "
            'line such as name = "my_board"'
        )
    return _board(str(path), own, document)


def _table() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((resources.files("hwgen.board") / "boards.toml").read_text("utf-8"))


def _board(where: str, name: str, given: Mapping[str, Any]) -> Board:
    """Check every field of a board."""
    known = {field.name: field for field in fields(Board) if field.name not in NOT_GIVEN}
    unknown = sorted(given.keys() - known)
    missing = [key for key, field in known.items() if field.default is MISSING and key not in given]
    problems = [f"{where}: {key} is no field of a board; leave it out" for key in unknown]
    problems += [f"{where}: {key} must be there; see docs/boards.md" for key in missing]
    values: dict[str, Any] = {"name": name}
    for key in sorted(given.keys() & known):
        value = given[key]
        kind = str(known[key].type)
        if not _is_kind(value, kind):
            problems.append(f"{where}: {key} must be {_KINDS[kind]}, not {value!r}; change it")
        values[key] = tuple(value) if isinstance(value, list) else value
    if not problems:
        problems = _contradictions(where, values)
    if problems:
        raise ModelError.collect(problems)
    values["clock_mhz"] = float(values["clock_mhz"])
    return Board(**values)


_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts",
    "Family": f"one of {', '.join(get_args(Family))}",
}


def _is_kind(value: object, kind: str) -> bool:
    match kind:
        case "tuple[str, ...]":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "Family":
            return value in get_args(Family)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _contradictions(where: str, values: Mapping[str, Any]) -> list[str]:
    """Say what no board can have."""
    found = []
    if not _NAME.fullmatch(values["name"]):
        found.append(
            f"{where}: name must be letters, digits and _, not {values['name']!r}; give the file a "
            'line such as name = "my_board"'
        )
    pins = {key: values.get(key, "") for key in ("clock_pin", "rx", "tx", "led_passed")}
    if values.get("led_failed"):
        pins["led_failed"] = values["led_failed"]
    for key, pin in pins.items():
        if not _PIN.fullmatch(pin):
            found.append(f"{where}: {key} must be a pin such as 35 or G2, not {pin!r}")
    if len(set(pins.values())) < len(pins):
        found.append(f"{where}: pins must differ, and {', '.join(pins.values())} do not")
    counts = ("luts", "ffs", "brams")
    found += [
        f"{where}: {key} must be at least 1, not {values[key]}" for key in counts if values[key] < 1
    ]
    if not 1 <= values["clock_mhz"] <= 1000:
        found.append(f"{where}: clock_mhz must be 1 to 1000, not {values['clock_mhz']:g}")
    if values.get("usb") and not _USB.fullmatch(values["usb"]):
        found.append(f"{where}: usb must be such as 0403:6010:1, not {values['usb']!r}")
    return [f"{sentence}; change it" for sentence in found]
