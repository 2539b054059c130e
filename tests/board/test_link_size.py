"""What the link takes by itself: at most 400 LUTs on iCE40 and 600 LUT sites on ECP5."""

import pytest

from hwgen.board.fit import LINK_FFS, LINK_LUTS
from hwgen.board.folder import board_texts
from hwgen.board.table import find_board
from hwgen.package.port_list import PortList
from hwgen.plan.link import plan_link
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.rtl.top import axis_bits
from hwgen.synth.count import count_cells
from hwgen.synth.targets import TARGETS
from hwgen.synth.tools import find_yosys, workspace
from hwgen.synth.yosys import Design, map_design
from tests.tiny_nets import network

NET = network(0, widths=(64, 32, 32, 10), codes="u2", weight_bits=3)
PLAN = plan_design(NET, BuildOptions(style="folded", effort="low"))


def black_box():
    """The design as its ports alone."""
    sizes = axis_bits(PLAN.inputs), axis_bits(PLAN.outputs)
    words = {"input_bits": sizes[0], "output_bits": sizes[1], "given": "", "found": ""}
    ports = PortList(name=PLAN.name, version="0", **words).ports
    lines = [f"  {direction} [{bits - 1}:0] {name}" for name, direction, bits in ports]
    inner = ",\n".join(lines)
    return f"(* blackbox *) module {PLAN.name} (\n{inner}\n);\nendmodule\n"


@pytest.mark.parametrize(("name", "most"), [("icebreaker", 400), ("ulx3s", 600)])
def test_the_link_is_small(tmp_path, name, most):
    board = find_board(name)
    target = TARGETS[board.family]
    link = plan_link(PLAN, NET, "c38bb3bc005c74e7", board.clock_hz, 1_000_000)
    (tmp_path / "link.v").write_text(board_texts(board, link)["link.v"])
    (tmp_path / "box.v").write_text(black_box())
    with workspace(None) as where:
        files = [tmp_path / "box.v", tmp_path / "link.v"]
        design = Design.stage(files, "hwgen_link", target, target.adder_map, where)
        stat, _ = map_design(find_yosys(), design, where)
    own = {cell: count for cell, count in stat["hwgen_link"].items() if target.knows(cell)}
    counts = count_cells(own, target)
    assert counts.luts <= most == LINK_LUTS[board.family]
    assert counts.ffs <= LINK_FFS
