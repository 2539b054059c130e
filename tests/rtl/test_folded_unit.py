"""The folded unit alone in Amaranth's simulator, at sizes that take cocotb long: random stalls."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.execute import run_stage, to_slots
from hwgen.plan.folded.folding import FoldedOptions
from hwgen.plan.folded.matrix import plan_folded
from hwgen.plan.layers import layers_of
from hwgen.plan.stages.stage import Stream
from hwgen.rtl.folded_dense import FoldedDenseUnit

VECTORS = 3


def unit_of(size, zeros, top, *, lanes, inputs="u4", long_row=False, **options):
    rng = np.random.default_rng(0)
    weight = rng.integers(-top, top + 1, (size, size)) * (rng.random((size, size)) >= zeros)
    if long_row:
        weight[5] = rng.integers(1, top + 1, size)
    kind = IntType.parse(inputs)
    layer = layers_of(matrix_graph("m", weight, kind))[0]
    stream = Stream(lanes=(kind,) * lanes, order=tuple(range(size)))
    stage = plan_folded(
        layer, stream, FoldedOptions(target="xc7", luts_per_bram=200, **options)
    ).stage
    x = np.concatenate([[[kind.hi] * size], rng.integers(kind.lo, kind.hi + 1, (VECTORS, size))])
    return stage, to_slots(stream, x)


async def feed(ctx, unit, beats, stalls):
    for beat in beats:
        while stalls.random() < 0.3:
            await ctx.tick()
        ctx.set(unit.i.payload, {f"e{lane}": int(value) for lane, value in enumerate(beat)})
        ctx.set(unit.i.valid, 1)
        await ctx.tick().until(unit.i.ready)
        ctx.set(unit.i.valid, 0)


async def drain(ctx, unit, count, lanes, stalls):
    found = []
    for _ in range(count):
        while stalls.random() < 0.3:
            await ctx.tick()
        ctx.set(unit.o.ready, 1)
        payload = await ctx.tick().sample(unit.o.payload).until(unit.o.valid)
        ctx.set(unit.o.ready, 0)
        found += [payload[0][f"e{lane}"] for lane in range(lanes)]
    return found


@pytest.mark.parametrize(
    ("zeros", "top", "options"),
    [
        (0.9, 7, {"pe": 4, "simd": 4, "lanes": 4}),
        (0.95, 1, {"pe": 8, "simd": 1, "lanes": 2}),
        (0.5, 3, {"pe": 4, "simd": 4, "lanes": 1, "inputs": "s3"}),
        (0.0, 7, {"pe": 4, "simd": 8, "lanes": 2, "skip": False}),
        (0.95, 7, {"pe": 4, "simd": 4, "lanes": 4, "long_row": True}),
    ],
    ids=["sets", "ternary", "signed", "dense", "long row"],
)
def test_a_unit_gives_what_its_plan_gives(zeros, top, options):
    stage, slots = unit_of(32, zeros, top, **options)
    expected = run_stage(stage, slots)
    unit, given = FoldedDenseUnit(stage), slots.reshape(-1, len(stage.inputs.lanes))
    found = []

    async def source(ctx):
        await feed(ctx, unit, given, np.random.default_rng(1))

    async def sink(ctx):
        count = expected.size // stage.width
        found.extend(await drain(ctx, unit, count, stage.width, np.random.default_rng(2)))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    simulator.run()
    assert found == expected.ravel().tolist()
