"""What memories take, against Yosys."""

import numpy as np
import pytest

from bench.folded.long_tables import TOP, between_registers
from hwgen.plan.cost.memory import BlockMemory, block_memory, program_kind, table_luts
from hwgen.synth.run import synthesise_verilog

BLOCK_BITS = {"xc7": 18 * 1024, "ice40": 4 * 1024, "ecp5": 18 * 1024}
TABLE = """\
module t(input clk, input en, input [{top}:0] at, output reg [{high}:0] q);
  (* ram_style = "{style}" *) reg [{high}:0] m [0:{last}];
  reg [{high}:0] word;
  initial begin {words} end
  always @(posedge clk) if (en) begin word <= m[at]; q <= word; end
endmodule
"""


def random_words(count, bits):
    return [int(word) for word in np.random.default_rng(0).integers(0, 1 << bits, count)]


def synthesised(folder, target, words, bits, style):
    """Counts of a constant table with a register behind."""
    file = folder / "t.v"
    text = " ".join(f"m[{place}] = {bits}'d{word};" for place, word in enumerate(words))
    top, last = (len(words) - 1).bit_length() - 1, len(words) - 1
    file.write_text(TABLE.format(top=top, high=bits - 1, last=last, words=text, style=style))
    return synthesise_verilog([file], "t", target, clock="clk").total


@pytest.mark.parametrize(
    ("target", "words", "bits", "blocks", "luts"),
    [
        ("ice40", 700, 10, 2, 20),  # of 256 words of 16 bits: three times 10 in two
        ("ice40", 1500, 5, 2, 10),  # of 512 words of 8 bits
        ("ice40", 512, 10, 2, 0),
        ("ecp5", 1072, 12, 1, 24),  # of 512 words of 36 bits, three times 12 in one
        ("xc7", 1072, 12, 1, 12),
    ],
)
def test_a_memory_is_cut_into_block_rams_as_yosys_does(tmp_path, target, words, bits, blocks, luts):
    assert block_memory(target, words, bits) == BlockMemory(blocks=blocks, luts=luts)
    found = synthesised(tmp_path, target, random_words(words, bits), bits, "block")
    assert (found.bram_bits // BLOCK_BITS[target], found.luts) == (blocks, luts)


@pytest.mark.parametrize("target", ["xc7", "ecp5"])
def test_a_long_table_takes_less_in_parts_and_what_is_estimated(tmp_path, target):
    words = random_words(320, 9)
    file = tmp_path / "t.v"
    file.write_text(between_registers(words, 9, in_parts=True))
    found = synthesise_verilog([file], TOP, target, clock="clk").total.luts
    assert found == pytest.approx(table_luts(target, words), rel=0.1)
    assert found < synthesised(tmp_path, target, words, 9, "logic").luts


def test_a_program_is_in_luts_where_block_rams_save_less_than_choosing_among_them_takes():
    """Ten columns of 700 steps are two block RAMs of ice40 and 20 LUTs."""
    words = random_words(700, 10)
    columns = [
        sum((word >> bit & 1) << step for step, word in enumerate(words)) for bit in range(10)
    ]
    luts = table_luts("ice40", words)
    assert program_kind("ice40", columns, 700, (luts - 10) // 2) == "lut"
    assert program_kind("ice40", columns, 700, (luts - 20) // 2) == "block"
