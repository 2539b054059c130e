"""What each FPGA family's cells cost, how Yosys maps to it, and which parts nextpnr knows.

The unit is the LUT site: the place of one physical LUT, used as logic or as memory. A cell type
that stands in no table is an error, never zero, so that nothing is left out of a total unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hwgen.errors import ToolError

_KILOBIT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One device that nextpnr places into, with its capacity."""

    name: str
    options: tuple[str, ...]
    luts: int
    ffs: int
    brams: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """One FPGA family.

    `sites` is LUT sites by cell type, `bram_bits` the capacity by block RAM type, `free` the cells
    that take no LUT site, register or block (multiplexers of the slice, PLLs, markers of Yosys).
    `pads` is added to `synth` for a design whose ports are not pins.
    `read` is the Yosys command that reads a design's Verilog, and what it needs before;
    `adder_map` the techmap that keeps its additions on carry chains.
    """

    name: str
    synth: str
    pads: str = ""
    read: str = "read_verilog"
    adder_map: str = "adders_to_alu.v"
    sites: Mapping[str, int]
    ffs: frozenset[str]
    carries: frozenset[str]
    bram_bits: Mapping[str, int]
    dsps: frozenset[str]
    free: frozenset[str] = frozenset({"$scopeinfo"})
    nextpnr: str | None = None
    parts: tuple[Part, ...] = field(default=())  # ascending in size
    named_parts: tuple[Part, ...] = field(default=())  # of other speed: only where they are named

    def knows(self, cell: str) -> bool:
        """Whether a cell type stands in one of the tables."""
        tables = (self.sites, self.ffs, self.carries, self.bram_bits, self.dsps, self.free)
        return any(cell in table for table in tables)

    def parts_for(self, name: str | None) -> tuple[Part, ...]:
        """Give the parts that a design may be placed on: all of one speed, or the one named.

        Raises
        ------
        ToolError
            Where the target has none of this name.
        """
        if name is None:
            return self.parts
        known = (*self.parts, *self.named_parts)
        found = tuple(part for part in known if part.name == name)
        if not found:
            names = ", ".join(part.name for part in known) or "none"
            raise ToolError(f"part: must be one of {self.name}'s, {names}, not {name!r}")
        return found


_XC7 = Target(
    name="xc7",
    synth="synth_xilinx -family xc7 -noiopad -noclkbuf -nodsp -flatten",
    # hwgen_add3 as LUT6_2 and CARRY4, whose declarations Yosys brings along
    read="read_verilog -lib -specify +/xilinx/cells_sim.v; read_verilog -D HWGEN_LUT6_2",
    sites={
        **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
        "LUT6_2": 1,
        "INV": 1,  # a LUT1 until a packer pushes it into a neighbour
        # Xilinx UG474, distributed RAM primitives: LUTs of each
        **dict.fromkeys(("RAM32X1S", "RAM64X1S", "SRL16E", "SRLC32E"), 1),
        **dict.fromkeys(("RAM32X1D", "RAM64X1D", "RAM128X1S"), 2),
        **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"), 4),
    },
    ffs=frozenset(f"FD{kind}{edge}" for kind in ("RE", "SE", "CE", "PE") for edge in ("", "_1")),
    carries=frozenset({"CARRY4"}),
    bram_bits={"RAMB18E1": 18 * _KILOBIT, "RAMB36E1": 36 * _KILOBIT},
    dsps=frozenset({"DSP48E1"}),
    free=frozenset({"MUXF7", "MUXF8", "$scopeinfo"}),
)

_ICE40 = Target(
    name="ice40",
    synth="synth_ice40",  # no DSP blocks without -dsp, no pads
    sites={"SB_LUT4": 1},
    ffs=frozenset(
        f"SB_DFF{edge}{enable}{reset}"
        for edge in ("", "N")
        for enable in ("", "E")
        for reset in ("", "R", "S", "SR", "SS")
    ),
    carries=frozenset({"SB_CARRY"}),
    bram_bits={f"SB_RAM40_4K{edges}": 4 * _KILOBIT for edges in ("", "NR", "NW", "NRNW")},
    dsps=frozenset({"SB_MAC16"}),
    free=frozenset({"SB_PLL40_CORE", "SB_PLL40_PAD", "$scopeinfo"}),
    nextpnr="ice40",
    parts=(  # one speed class, so that figures compare
        Part(name="hx1k", options=("--hx1k", "--package", "tq144"), luts=1280, ffs=1280, brams=16),
        Part(name="hx8k", options=("--hx8k", "--package", "ct256"), luts=7680, ffs=7680, brams=32),
    ),
    named_parts=(
        Part(name="up5k", options=("--up5k", "--package", "sg48"), luts=5280, ffs=5280, brams=30),
    ),
)

_ECP5 = Target(
    name="ecp5",
    synth="synth_ecp5 -nodsp",
    adder_map="adders_to_ccu2c.v",
    sites={
        "LUT4": 1,
        "CCU2C": 2,  # two LUTs with the carry chain between them
        "TRELLIS_DPR16X4": 6,  # four that store, two of the write logic
    },
    ffs=frozenset({"TRELLIS_FF"}),
    carries=frozenset({"CCU2C"}),
    bram_bits={"DP16KD": 18 * _KILOBIT, "PDPW16KD": 18 * _KILOBIT},
    dsps=frozenset({"MULT18X18D", "ALU54B"}),
    free=frozenset({"PFUMX", "L6MUX21", "EHXPLLL", "$scopeinfo"}),
    nextpnr="ecp5",
    parts=tuple(
        Part(
            name=f"lfe5u-{size}k",
            options=(f"--{size}k", "--package", "CABGA381", "--speed", "6"),
            luts=luts,
            ffs=luts,
            brams=brams,
        )
        for size, luts, brams in ((25, 24288, 56), (45, 43848, 108), (85, 83640, 208))
    ),
)

_GOWIN = Target(
    name="gowin",
    synth="synth_gowin -nodsp",
    pads="-noiopads",
    sites={
        **{f"LUT{inputs}": 1 for inputs in range(1, 5)},
        "ALU": 1,  # a LUT with the carry chain beside it
        "INV": 1,
        **dict.fromkeys(("RAM16SDP1", "RAM16SDP2", "RAM16SDP4"), 6),  # as ecp5: storage, writing
    },
    ffs=frozenset(
        f"DFF{edge}{kind}"
        for edge in ("", "N")
        for kind in ("", "E", "S", "SE", "R", "RE", "P", "PE", "C", "CE")
    ),
    carries=frozenset({"ALU"}),
    bram_bits=dict.fromkeys(
        (
            *("SP", "SPX9", "SDP", "SDPB", "SDPX9", "SDPX9B", "DP", "DPB", "DPX9", "DPX9B"),
            *("pROM", "pROMX9"),
        ),
        18 * _KILOBIT,
    ),
    dsps=frozenset({"MULT9X9", "MULT18X18", "MULT36X36", "MULTALU18X18", "ALU54D"}),
    free=frozenset(
        {*(f"MUX2_LUT{size}" for size in range(5, 9)), "VCC", "GND", "GSR"}
        | {"IBUF", "OBUF", "rPLL", "$scopeinfo"}
    ),
    nextpnr="himbaechel-gowin",
    parts=tuple(
        Part(
            name=name,
            options=("--device", device, "--vopt", f"family={family}"),
            luts=luts,
            ffs=luts * 3 // 4,
            brams=brams,
        )
        for name, device, family, luts, brams in (
            ("gw1n-9c", "GW1NR-LV9QN88PC6/I5", "GW1N-9C", 8640, 26),
            ("gw2a-18c", "GW2AR-LV18QN88C8/I7", "GW2A-18C", 20736, 46),
        )
    ),
)

TARGETS: Mapping[str, Target] = {target.name: target for target in (_XC7, _ICE40, _ECP5, _GOWIN)}


def find_target(name: str) -> Target:
    """Find the target of this name.

    Raises
    ------
    ToolError
        Where there is none.
    """
    if name not in TARGETS:
        raise ToolError(f"target: must be one of {', '.join(TARGETS)}, not {name!r}")
    return TARGETS[name]
