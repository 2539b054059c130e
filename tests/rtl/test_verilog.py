"""Many components in one run of Yosys are the modules that a run for each would give."""

import re

import numpy as np
import pytest

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.cost.memory import part_words
from hwgen.plan.identifier import part_name
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.rtl import verilog
from hwgen.rtl.units import unit_of
from hwgen.rtl.verilog import WORDS_AT_ONCE, has_clock, rtlil_of, verilog_texts
from tests.tiny_nets import network


def unnumbered(texts):
    """The names that Yosys makes have a number that goes on through its run."""
    return [re.sub(r"\$auto\$[\w.:]+\$\d+", "auto", text) for text in texts]


def test_a_batch_is_what_each_alone_is(monkeypatch):
    runs = []
    convert = verilog.verilog._convert_rtlil_text
    monkeypatch.setattr(
        verilog.verilog, "_convert_rtlil_text", lambda text: [runs.append(text), convert(text)][1]
    )
    stages = plan_design(network(1), BuildOptions(style="folded")).stages
    names = [part_name("tiny", stage.name) for stage in stages]
    units = {
        name: rtlil_of(unit_of(stage), name) for name, stage in zip(names, stages, strict=True)
    }
    together = list(verilog_texts(units))
    assert len(runs) == 1
    monkeypatch.setattr(verilog, "BATCH_CHARACTERS", 1)
    alone = list(verilog_texts(units))
    assert runs[1:] == list(units.values())
    assert unnumbered(together) == unnumbered(alone)
    for name, text in zip(units, together, strict=True):
        first, *inner = re.findall(r"^module (\S+?)\(", text, flags=re.MULTILINE)
        assert (first, "\\" in first) == (name, False)
        assert all(part.startswith(f"{name}__") for part in inner)


def test_contents_of_memories_come_in_blocks_that_are_quick_to_read():
    weight = np.random.default_rng(0).integers(1, 8, (30, 40))
    graph = matrix_graph("long", weight, IntType(bits=4, signed=False))
    stage = plan_design(graph, BuildOptions(style="folded", pe=1, luts_per_bram=0)).stages[0]
    (text,) = verilog_texts({"long": rtlil_of(unit_of(stage), "long")})
    blocks = re.findall(r"^  initial begin\n(.*?)^  end\n", text, flags=re.MULTILINE | re.DOTALL)
    sizes = [len(block.splitlines()) for block in blocks]
    assert max(sizes) == WORDS_AT_ONCE
    words = re.findall(r"\\program \[(\d+)\] = ", "".join(blocks))
    assert [int(word) for word in words] == list(range(stage.cycles))


@pytest.mark.parametrize(("rows", "size"), [(15, 128), (30, 256)])
def test_long_tables_in_luts_come_in_parts_whose_bits_are_kept(rows, size):
    weight = np.random.default_rng(0).integers(1, 8, (rows, 20))
    graph = matrix_graph("long", weight, IntType(bits=4, signed=False))
    stage = plan_design(graph, BuildOptions(style="folded", pe=1, luts_per_bram=10**6)).stages[0]
    assert stage.program_memory == "lut"
    assert part_words(stage.cycles) == size
    (text,) = verilog_texts({"long": rtlil_of(unit_of(stage), "long")})
    parts = -(-stage.cycles // size)
    words = [len(re.findall(rf"program_{part}\[\d+\] = ", text)) for part in range(parts)]
    assert sum(words) == stage.cycles
    assert max(words) == size
    kept = re.findall(r"\(\* keep = 32'd1 \*\)\n +wire \[\d+:0\] program_(\d+)_part;", text)
    assert kept == [str(part) for part in range(parts)]


def test_a_unit_without_registers_has_no_clock():
    for pipeline, clocked in (("none", False), ("1", True)):
        stages = plan_design(network(1), BuildOptions(style="unrolled", pipeline=pipeline)).stages
        dense = stages[0]
        assert has_clock(rtlil_of(unit_of(dense), "dense")) is clocked
