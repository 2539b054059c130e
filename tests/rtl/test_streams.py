"""Queue and converters against their integer models, with many seeds of stalls on both sides."""

import random

import numpy as np
import pytest
from amaranth.sim import Simulator

from hwgen.numeric import IntType
from hwgen.plan.execute import run_stage
from hwgen.plan.stages.joint import extra_words
from hwgen.plan.stages.stage import PADDING, Fifo, Narrower, Stream, Widener
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.rtl.units import unit_of

U3, S4 = IntType(bits=3, signed=False), IntType(bits=4, signed=True)
VECTORS = 12


def stream(lanes, order):
    return Stream(lanes=tuple(lanes), order=tuple(order))


FOUR = stream([U3] * 3, [2, 0, 1, 3, PADDING, PADDING])
STAGES = {
    "queue of 2": Fifo(name="f", inputs=FOUR, outputs=FOUR, depth=2),
    "queue of 5": Fifo(name="f", inputs=FOUR, outputs=FOUR, depth=5),
    "queue of 5 in block RAM": Fifo(name="f", inputs=FOUR, outputs=FOUR, depth=5, memory="block"),
    "queue of 8 in block RAM": Fifo(name="f", inputs=FOUR, outputs=FOUR, depth=8, memory="block"),
    "queue of 5 in 7 words": Fifo(name="f", inputs=FOUR, outputs=FOUR, depth=5, extra=2),
    "queue of 5 in 7 words of block RAM": Fifo(
        name="f", inputs=FOUR, outputs=FOUR, depth=5, extra=2, memory="block"
    ),
    "five lanes to two": Narrower(
        name="n",
        inputs=stream([U3, U3, IntType(bits=2, signed=False), U3, U3], range(5)),
        outputs=stream([U3] * 2, [*range(5), PADDING]),
    ),
    "two beats to single lanes": Narrower(
        name="n", inputs=stream([S4] * 2, [1, 0, 3, 2]), outputs=stream([S4], [1, 0, 3, 2])
    ),
    "three beats to one": Widener(
        name="w",
        inputs=stream([S4] * 2, [4, 1, 0, 3, 2, PADDING]),
        outputs=stream([S4] * 5, range(5)),
        slots=(2, 1, 4, 3, 0),
    ),
    "an element that does not come": Widener(
        name="w",
        inputs=stream([U3], [2, 0]),
        outputs=stream([U3, U3, U3], range(3)),
        slots=(1, -1, 0),
    ),
}


def pack(slots, lanes):
    word = position = 0
    for value, lane in zip(slots, lanes, strict=True):
        word |= (int(value) & ((1 << lane.bits) - 1)) << position
        position += lane.bits
    return word


def words(slots, vector):
    beats = slots.reshape(-1, len(vector.lanes))
    return [pack(beat, vector.lanes) for beat in beats]


def run(stage, given, stall, seed):
    """What leaves the unit, and the cycle of each beat."""
    unit = unit_of(stage)
    expected = len(given) * stage.outputs.beats // stage.inputs.beats
    found, cycles = [], []

    async def source(ctx):
        rng = random.Random(seed)
        for word in given:
            while rng.random() < stall:
                await ctx.tick()
            ctx.set(unit.i.payload.as_value(), word)
            ctx.set(unit.i.valid, 1)
            await ctx.tick().until(unit.i.ready)
            ctx.set(unit.i.valid, 0)

    async def sink(ctx):
        rng = random.Random(seed + 1)
        waiting = None
        for cycle in range(100 * len(given)):
            ready = rng.random() >= stall
            ctx.set(unit.o.ready, ready)
            _, _, valid, word = await ctx.tick().sample(unit.o.valid, unit.o.payload.as_value())
            assert waiting is None or (valid and word == waiting)
            waiting = word if valid and not ready else None
            if valid and ready:
                found.append(word)
                cycles.append(cycle)
            if len(found) == expected:
                return

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source)
    simulator.add_testbench(sink)
    simulator.run()
    return found, cycles


def vectors(stage, seed):
    rng = np.random.default_rng(seed)
    shape = (VECTORS, stage.inputs.beats)
    lanes = [rng.integers(lane.lo, lane.hi + 1, shape) for lane in stage.inputs.lanes]
    return np.stack(lanes, axis=-1).reshape(VECTORS, -1)


@pytest.mark.parametrize("stall", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_nothing_is_lost_doubled_or_changed(stage, stall):
    for seed in range(8):
        slots = vectors(stage, seed)
        found, _ = run(stage, words(slots, stage.inputs), stall, seed)
        assert found == words(run_stage(stage, slots), stage.outputs)


@pytest.mark.parametrize(
    ("depth", "beats", "wanted"),
    [(5, 3, 5), (7132, 4096, 7168), (101, 4096, 102), (64, 1 << 20, 64), (65, 1 << 20, 72)],
)
def test_vectors_begin_at_the_same_word_again_before_long(depth, beats, wanted):
    assert depth + extra_words(depth, beats) == wanted


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_interval_is_that_of_the_model(stage):
    slots = vectors(stage, 0)
    _, cycles = run(stage, words(slots, stage.inputs), 0.0, 0)
    ends = cycles[stage.outputs.beats - 1 :: stage.outputs.beats]
    assert set(np.diff(ends[2:])) == {latency_and_interval((stage,))[1]}


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (Fifo, {"inputs": FOUR, "outputs": FOUR, "depth": 1}, "depth must be 2 or more, not 1"),
        (
            Fifo,
            {"inputs": FOUR, "outputs": FOUR, "depth": 4, "memory": "block"},
            "memory must be lut for a depth up to 4",
        ),
        (
            Fifo,
            {"inputs": FOUR, "outputs": FOUR, "depth": 4, "extra": 1},
            "extra must be 0, or more for a memory of more than 4 beats, not 1",
        ),
        (
            Fifo,
            {"inputs": FOUR, "outputs": stream([U3], [0]), "depth": 4},
            "outputs must be the same stream as inputs",
        ),
        (Narrower, {"inputs": FOUR, "outputs": stream([U3], [0])}, "outputs must have 6 beats for"),
        (
            Widener,
            {"inputs": FOUR, "outputs": stream([U3], [0]), "slots": (6,)},
            "slots must lie in -1 to 5",
        ),
    ],
)
def test_impossible_ones_are_refused(kind, fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        kind(name="x", **fields)
