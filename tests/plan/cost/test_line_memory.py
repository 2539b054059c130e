"""Memories of windows and poolings: how many words and bits, and what they are made of."""

import pytest

from hwgen.numeric import IntType
from hwgen.plan.cost.line_memory import LineMemory, line_memories, line_memory_kind
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import RunningPool, Stream, Tap, WindowBuffer
from tests.tiny_maps import small_cnn

U4 = IntType.parse("u4")


def window(taps, image=(32, 32), memory="lut"):
    """A padded window of 3x3 on two channels."""
    inputs = Stream(lanes=(U4, U4), order=(0, 1), image=image)
    outputs = Stream(lanes=(U4,) * len(taps), order=tuple(range(len(taps))), image=image)
    return WindowBuffer(
        name="w",
        inputs=inputs,
        outputs=outputs,
        kernel=(3, 3),
        stride=(1, 1),
        origin=(-1, -1),
        taps=taps,
        queue=image[1] + 2,
        memory=memory,
    )


def test_only_rows_and_channels_that_are_read_are_stored():
    stage = window((Tap(0, 0, 0), Tap(2, 2, 0)))
    rows, queue = line_memories(stage)
    assert (rows.words, rows.bits, rows.one_port) == (32, 8, True)
    assert (queue.words, queue.bits, queue.one_port) == (33, 4, False)


def test_a_row_of_two_pixels_lies_in_registers():
    (queue,) = line_memories(window((Tap(0, 0, 0), Tap(2, 2, 1)), image=(4, 2)))
    assert not queue.one_port


@pytest.mark.parametrize(("kernel", "words"), [((2, 2), [8]), ((1, 2), []), ((2, 8), [])])
def test_a_pooling_stores_what_came_above_where_windows_lie_side_by_side(kernel, words):
    image = (16 // kernel[0], 16 // kernel[1])
    stage = RunningPool(
        name="p",
        inputs=Stream(lanes=(U4,), order=(0,), image=(16, 16)),
        outputs=Stream(lanes=(U4,), order=(0,), image=image),
        kind="max",
        kernel=kernel,
        stride=kernel,
        memory="lut",
    )
    assert [memory.words for memory in line_memories(stage)] == words


def test_luts_that_one_port_writes_and_reads_hold_more():
    for words, bits, shared, apart in ((32, 24, 16, 16), (64, 24, 24, 32), (72, 32, 64, 104)):
        line = LineMemory(words=words, bits=bits, one_port=True)
        assert line.luts("xc7") == shared
        assert LineMemory(words=words, bits=bits, one_port=False).luts("xc7") == apart


def test_the_price_of_a_block_ram_decides():
    stage = window((Tap(0, 0, 0), Tap(2, 2, 0)))
    luts = sum(memory.luts("xc7") for memory in line_memories(stage))
    blocks = sum(memory.blocks("xc7") for memory in line_memories(stage))
    assert line_memory_kind(stage, "xc7", luts // blocks) == "block"
    assert line_memory_kind(stage, "xc7", luts // blocks + 1) == "lut"
    assert line_memory_kind(stage, "ice40", 10_000) == "block"  # its LUTs store nothing


def test_a_plan_takes_what_is_cheaper():
    graph = small_cnn()
    for price, kind in ((1, "block"), (10_000, "lut")):
        plan = plan_design(graph, BuildOptions(style="unrolled", effort="low", luts_per_bram=price))
        assert {s.memory for s in plan.stages if isinstance(s, WindowBuffer)} == {kind}
