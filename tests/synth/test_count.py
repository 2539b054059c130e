"""LUT sites by the table of design.md 3.5, hierarchy, and cells that nobody priced."""

import json

import pytest

from hwgen.errors import ToolError
from hwgen.synth.count import (
    Counts,
    count_cells,
    count_children,
    count_module,
    count_own,
    read_stat,
)
from hwgen.synth.targets import TARGETS, find_target

SITES = [
    *(("xc7", f"LUT{inputs}", 1) for inputs in range(1, 7)),
    ("xc7", "LUT6_2", 1),
    ("xc7", "INV", 1),
    ("xc7", "RAM32X1D", 2),
    ("xc7", "RAM64X1D", 2),
    ("xc7", "RAM128X1D", 4),
    ("xc7", "RAM32M", 4),
    ("xc7", "RAM64M", 4),
    ("xc7", "SRL16E", 1),
    ("xc7", "SRLC32E", 1),
    ("ice40", "SB_LUT4", 1),
    ("ecp5", "LUT4", 1),
    ("ecp5", "CCU2C", 2),
    ("ecp5", "TRELLIS_DPR16X4", 6),
]
BLOCKS = [
    ("xc7", "RAMB18E1", 18432),
    ("xc7", "RAMB36E1", 36864),
    ("ice40", "SB_RAM40_4K", 4096),
    ("ecp5", "DP16KD", 18432),
]


@pytest.mark.parametrize(("target", "cell", "sites"), SITES)
def test_lut_sites(target, cell, sites):
    assert count_cells({cell: 3}, TARGETS[target]).luts == 3 * sites


@pytest.mark.parametrize(("target", "cell", "bits"), BLOCKS)
def test_block_rams_are_apart(target, cell, bits):
    assert count_cells({cell: 2}, TARGETS[target]) == Counts(brams=2, bram_bits=2 * bits)


@pytest.mark.parametrize(
    ("target", "cell"), [("xc7", "MUXF7"), ("ecp5", "PFUMX"), ("ice40", "$scopeinfo")]
)
def test_free_cells(target, cell):
    assert count_cells({cell: 5}, TARGETS[target]) == Counts()


def test_registers_carries_and_dsps():
    cells = {"FDRE": 2, "FDSE_1": 1, "CARRY4": 4, "DSP48E1": 1}
    assert count_cells(cells, TARGETS["xc7"]) == Counts(ffs=3, carries=4, dsps=1)
    cells = {"SB_DFF": 1, "SB_DFFNESS": 1, "SB_CARRY": 7, "SB_MAC16": 2}
    assert count_cells(cells, TARGETS["ice40"]) == Counts(ffs=2, carries=7, dsps=2)
    cells = {"LUT4": 3, "ALU": 5, "MUX2_LUT5": 2, "RAM16SDP4": 1, "DFFRE": 4, "SPX9": 1, "IBUF": 9}
    assert count_cells(cells, TARGETS["gowin"]) == Counts(
        luts=14, ffs=4, carries=5, brams=1, bram_bits=18 * 1024
    )


def test_unknown_cells_are_an_error():
    with pytest.raises(ToolError) as caught:
        count_cells({"LUT4": 1, "$_DLATCH_P_": 1, "MYSTERY": 2}, TARGETS["ecp5"])
    assert str(caught.value) == (
        "ecp5: every cell must have a known cost, and $_DLATCH_P_, MYSTERY has none; "
        "build the design from logic that Yosys maps to this target"
    )


def test_unknown_target():
    with pytest.raises(
        ToolError, match=r"^target: must be one of xc7, ice40, ecp5, gowin, not 'xc6'$"
    ):
        find_target("xc6")


STAT = {
    "top": {"SB_LUT4": 1, "top.a": 1, "top.b": 2},
    "top.a": {"SB_LUT4": 10, "SB_DFF": 1},
    "top.b": {"SB_LUT4": 100, "deep": 1},
    "deep": {"SB_LUT4": 1000},
}


def test_hierarchy():
    target = TARGETS["ice40"]
    assert count_module(STAT, "top", target).luts == 1 + 10 + 2 * 1100
    assert count_own(STAT, "top", target).luts == 1
    layers = count_children(STAT, "top", target)
    assert {name: counts.luts for name, counts in layers.items()} == {"a": 10, "b": 2200}
    assert layers["a"].ffs == 1


def test_read_stat_unescapes_names():
    modules = {"\\top": {"num_cells_by_type": {"LUT4": 2, "top.a": 1}}}
    text = "\n" + json.dumps({"creator": "Yosys", "modules": modules})
    assert read_stat(text) == {"top": {"LUT4": 2, "top.a": 1}}


def test_parts_ascend():
    for target in TARGETS.values():
        sizes = [part.luts for part in target.parts]
        assert sizes == sorted(sizes)
