"""A small module through the place and route that the clock benches share."""

from bench.shared.place_and_route import place_verilog

ADDER = """
module adder(input clk, input [3:0] a, input [3:0] b, output reg [4:0] y);
  always @(posedge clk) y <= a + b;
endmodule
"""


def test_an_adder_has_a_clock_on_ecp5():
    placed = place_verilog(ADDER, "adder", "ecp5", "clk", [1])
    assert placed.part == "lfe5u-25k"
    assert 4 <= placed.luts <= 10
    assert placed.median_mhz > 100
