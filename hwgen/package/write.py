"""`hwgen package`: writes one description or wrapper of a design."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import assert_never

from hwgen.errors import ModelError
from hwgen.files import check_file, write_beside
from hwgen.json_file import load_json, why_unread
from hwgen.package.descriptions import fusesoc, ipxact, vivado
from hwgen.package.port_list import read_ports
from hwgen.package.wrappers import amaranth, instance, litex


class Form(StrEnum):
    """Whom a design is written for."""

    fusesoc = "fusesoc"
    litex = "litex"
    amaranth = "amaranth"
    verilog = "verilog"
    ipxact = "ipxact"
    vivado = "vivado"


def write_package(folder: Path, form: Form) -> Path:
    """Write a design's description; gives the file.

    FuseSoC's lies beside the Verilog, whose files it names, the others in `package`.

    Raises
    ------
    ModelError
        Where the folder holds no design.
    ToolError
        Where the file cannot be written.
    """
    design, place = read_ports(folder), folder / "package"
    match form:
        case Form.fusesoc:
            boards = [_board(path) for path in sorted(folder.glob("board/*/board.json"))]
            path, text = folder / f"{design.name}.core", fusesoc(design, boards)
        case Form.litex:
            path, text = place / f"litex_{design.name}.py", litex(design)
        case Form.amaranth:
            path, text = place / f"amaranth_{design.name}.py", amaranth(design)
        case Form.verilog:
            path, text = place / f"{design.name}_instance.v", instance(design)
        case Form.ipxact:
            path, text = place / "component.xml", ipxact(design)
        case Form.vivado:
            path, text = place / "package_ip.tcl", vivado(design)
        case _:
            assert_never(form)
    check_file(path)
    with write_beside(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path


def _board(path: Path) -> dict[str, str]:
    try:
        facts = load_json(path)
        return {"board": str(facts["board"]), "family": str(facts["family"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"{path}: must be what `hwgen board` wrote, and cannot be read "
            f"({why_unread(error)}); make the board again"
        ) from None
