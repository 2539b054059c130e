"""The trace of C++ as Verilog (`bench/hls/`) is the design: SAT finds no difference."""

import shutil

import numpy as np
import pytest

from bench.hls.trace_verilog import verilog_of as traced_verilog
from hwgen.emit import verilog_of
from hwgen.errors import ToolError
from hwgen.frontend.matrix import matrix_graph
from hwgen.hls.design import port_bits
from hwgen.numeric import IntType
from hwgen.prove.cpp.trace import trace_of
from hwgen.synth.tools import find_yosys, run_tool, workspace
from tests.hls.designs import planned, written
from tests.tiny_nets import network

WRAPPER = """
module ours(input [{i}:0] x, output [{o}:0] y);
  {name} top (.aclk(1'b0), .aresetn(1'b1), .s_axis_tdata(x), .s_axis_tvalid(1'b1),
    .s_axis_tlast(1'b1), .m_axis_tdata(y), .m_axis_tready(1'b1));
endmodule
"""


RNG = np.random.default_rng(4)
GRAPHS = {
    "signed matrix": matrix_graph("m", RNG.integers(-3, 4, (3, 4)), IntType.parse("s2")),
    "network": network(2, widths=(4, 3, 3), inputs="u2", codes="u2"),
}


def compare(graph, tmp_path, change=lambda text: text):
    plan = planned(graph, style="unrolled", pipeline="none", target="ecp5")
    written(graph, plan, tmp_path / "hls")
    bits = port_bits(plan.inputs), port_bits(plan.outputs)
    text = traced_verilog(trace_of(tmp_path / "hls", plan.name), "traced", *bits)
    (tmp_path / "traced.v").write_text(change(text))
    wrapper = WRAPPER.format(name=plan.name, i=bits[0] - 1, o=bits[1] - 1)
    (tmp_path / "ours.v").write_text(verilog_of(plan) + wrapper)
    with workspace(None) as where:
        for file in ("traced.v", "ours.v"):
            shutil.copyfile(tmp_path / file, where.folder / file)
        steps = "read_verilog traced.v ours.v; prep -flatten -top ours; design -stash a; "
        steps += "read_verilog traced.v; prep -flatten -top traced; design -stash b; "
        steps += "design -copy-from a -as ours ours; design -copy-from b -as traced traced; "
        steps += "miter -equiv -flatten ours traced m; sat -verify -prove trigger 0 m"
        run_tool(find_yosys(), ["-q", "-p", steps], where)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_trace_equals_our_verilog(tmp_path, name):
    compare(GRAPHS[name], tmp_path)


def test_a_difference_is_found(tmp_path):
    with pytest.raises(ToolError):
        compare(GRAPHS["network"], tmp_path, lambda text: text.replace(" + ", " - ", 1))
