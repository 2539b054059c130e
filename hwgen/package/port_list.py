"""What every wrapper must know of a design: its name and its ports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.json_file import load_json, why_unread


@dataclass(frozen=True, slots=True, kw_only=True)
class PortList:
    """A design's module: AXI4-Stream `s_axis` in and `m_axis` out, `aclk`, `aresetn`.

    `given` and `found` say in words what a beat of each side carries.
    """

    name: str
    input_bits: int
    output_bits: int
    given: str
    found: str
    version: str

    @property
    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """Name, direction and bits of every port, in the order of the Verilog."""
        return (
            ("aclk", "input", 1),
            ("aresetn", "input", 1),
            ("s_axis_tdata", "input", self.input_bits),
            ("s_axis_tvalid", "input", 1),
            ("s_axis_tready", "output", 1),
            ("s_axis_tlast", "input", 1),
            ("m_axis_tdata", "output", self.output_bits),
            ("m_axis_tvalid", "output", 1),
            ("m_axis_tready", "input", 1),
            ("m_axis_tlast", "output", 1),
        )


def read_ports(folder: Path) -> PortList:
    """Read the ports of a design folder.

    Raises
    ------
    ModelError
        Where it holds no design.
    """
    path = folder / "design.json"
    if not path.exists():
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        )
    try:
        design = load_json(path)
        sides = design["ports"]["s_axis"], design["ports"]["m_axis"]
        bits = [int(side["tdata_bits"]) for side in sides]
        words = [_words(side) for side in sides]
        name, version = str(design["name"]), str(design["hwgen_version"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"{path}: must be the design.json that `hwgen build` writes, and cannot be read "
            f"({why_unread(error)}); build the design again"
        ) from None
    if not (folder / f"{name}.v").is_file():
        raise ModelError(f"{folder / name}.v: must be the Verilog of the design; build it again")
    return PortList(
        name=name,
        input_bits=bits[0],
        output_bits=bits[1],
        given=words[0],
        found=words[1],
        version=version,
    )


def _words(side: dict[str, Any]) -> str:
    lanes = "1 value" if side["lanes"] == 1 else f"{side['lanes']} values"
    beats = "1 beat" if side["beats"] == 1 else f"{side['beats']} beats"
    return (
        f"{lanes} of type {side['type']} a beat, the first lowest; "
        f"{beats} a vector of {side['elements']}"
    )
