"""The harness compiles, feeds and watches every bit, and refuses what it cannot drive."""

import subprocess

import pytest

from hwgen.errors import ToolError
from hwgen.synth.harness import MODULE, make_harness
from hwgen.synth.yosys import Port

PORTS = [
    Port("aclk", "input", 1),
    Port("a", "input", 3),
    Port("in$1", "input", 1),
    Port("y", "output", 4),
]
DESIGN = """\
module top(input aclk, input [2:0] a, input \\in$1 , output reg [3:0] y);
  always @(posedge aclk) y <= {a[0], a[1], a[2], \\in$1 };
endmodule
"""
BENCH = f"""\
module bench;
  reg clk = 0, serial_in;
  wire serial_out;
  integer step;
  {MODULE} dut(.clk(clk), .serial_in(serial_in), .serial_out(serial_out));
  initial begin
    for (step = 0; step < 40; step = step + 1) begin
      serial_in = step == 12;
      #1 clk = 1; #1 clk = 0;
      if (step >= 12) $write("%b", serial_out);
    end
    $finish;
  end
endmodule
"""


def test_size():
    harness = make_harness("top", PORTS, "aclk")
    assert (harness.ffs, harness.luts) == (4 + 2 * 4, 4)


def test_a_pulse_comes_out_once_for_every_bit(tmp_path):
    """A one walks along the inputs; the design reverses them, so the four copies part by two."""
    text = make_harness("top", PORTS, "aclk").text
    harness = text[text.index("endmodule") + len("endmodule") :]  # without the black box
    (tmp_path / "all.v").write_text(DESIGN + harness + BENCH)
    subprocess.run(["iverilog", "-o", "bench", "all.v"], cwd=tmp_path, check=True)
    done = subprocess.run(["vvp", "-n", "bench"], cwd=tmp_path, check=True, capture_output=True)
    bits = done.stdout.decode().splitlines()[0]
    assert [index for index, bit in enumerate(bits) if bit != "0"] == [3, 5, 7, 9]


def test_combinational_design_has_no_clock():
    text = make_harness("top", [Port("a", "input", 2), Port("y", "output", 1)], None).text
    assert ".\\a  (feed[1:0])" in text
    assert "(clk)" not in text


def test_bidirectional_ports_are_refused():
    with pytest.raises(ToolError) as caught:
        make_harness("top", [*PORTS, Port("pad", "inout", 1)], "aclk")
    assert str(caught.value) == (
        "top: ports must be inputs, outputs and the clock aclk, not input aclk, input a, "
        "input in$1, output y, inout pad; place and route measures no other design"
    )


def test_a_missing_clock_is_refused():
    with pytest.raises(ToolError, match=r"^top: ports must be inputs, outputs and the clock clk, "):
        make_harness("top", PORTS, "clk")


@pytest.mark.parametrize("ports", [PORTS[:3], [PORTS[0], PORTS[3]]])
def test_a_design_without_inputs_or_outputs_is_refused(ports):
    with pytest.raises(ToolError) as caught:
        make_harness("top", ports, "aclk")
    assert str(caught.value) == (
        "top: must have an input and an output to be placed and routed; leave out --pnr"
    )
