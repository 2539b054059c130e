"""Queues in the memory that is cheaper, and what they take of a target."""

import pytest

from hwgen.numeric import IntType
from hwgen.plan.choose.choices import asked_for
from hwgen.plan.choose.queue_memory import with_queue_memories
from hwgen.plan.estimate.stage import stage_cost
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import Fifo, Stream
from hwgen.rtl.fifo import FifoUnit
from hwgen.rtl.verilog import rtlil_of, verilog_texts
from hwgen.synth.run import synthesise_verilog
from tests.tiny_maps import MapNet

NET = MapNet(0, (1, 3, 3)).conv(2, (3, 3), padding=(1, 1)).act().graph()
LANES = (IntType(bits=4, signed=False),) * 6


def queue(depth, memory="lut"):
    stream = Stream(lanes=LANES, order=tuple(range(len(LANES))))
    return Fifo(name="q", inputs=stream, outputs=stream, depth=depth, memory=memory)


def chosen(depth, target, price=None):
    options = BuildOptions(target=target, luts_per_bram=price, style="unrolled")
    choices = asked_for(layers_of(NET), options)
    (found,) = with_queue_memories((queue(depth),), choices, target)
    return found.memory


def test_the_cheaper_memory_is_taken():
    assert chosen(4, "ice40") == "lut"  # registers
    assert chosen(400, "ice40") == "block"
    assert chosen(400, "xc7") == "block"
    assert chosen(400, "xc7", price=1_000) == "lut"
    assert chosen(40, "xc7") == "lut"


@pytest.mark.parametrize("target", ["xc7", "ecp5", "gowin", "ice40"])
def test_the_estimate_is_near_to_yosys(target, tmp_path):
    stage = queue(200, "block")
    (text,) = verilog_texts({"q": rtlil_of(FifoUnit(stage), "q")})
    verilog = tmp_path / "q.v"
    verilog.write_text(text)
    found = synthesise_verilog([verilog], "q", target, clock="clk", log=tmp_path / "log")
    cost = stage_cost(stage, target)
    assert cost.luts == pytest.approx(found.luts, rel=0.2)
    assert cost.brams > 0
    assert found.total.bram_bits >= 200 * stage.inputs.width
