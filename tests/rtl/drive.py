"""Runs one unit in Amaranth's simulator beside the model of its handshakes."""

import random

import numpy as np
from amaranth import ResetInserter, Signal
from amaranth.sim import Simulator

from hwgen.plan.streams.handshakes import StageModel
from hwgen.rtl.units import unit_of


def pack(slots, lanes):
    word = position = 0
    for value, lane in zip(slots, lanes, strict=True):
        word |= (int(value) & ((1 << lane.bits) - 1)) << position
        position += lane.bits
    return word


def words(frames, stream):
    """The beats of frames, (frames, beats, lanes)."""
    return [pack(beat, stream.lanes) for beat in frames.reshape(-1, len(stream.lanes))]


def random_frames(stream, count, seed):
    rng = np.random.default_rng(seed)
    shape = (count, stream.beats)
    lanes = [rng.integers(lane.lo, lane.hi + 1, shape) for lane in stream.lanes]
    return np.stack(lanes, axis=-1)


def run(stage, given, count, *, stalls=(0.0, 0.0), gap=0, reset_at=None, seed=0):
    """What leaves the unit, `count` beats, and the cycle of each.

    `stalls` are the shares of cycles in which source and sink wait; the source waits for `gap`
    cycles after each frame too. Valid and ready must be those of the model in every cycle.
    """
    reset = Signal()
    unit, model = unit_of(stage), StageModel(stage)
    rng = random.Random(seed)
    found, cycles = [], []

    async def bench(ctx):
        nonlocal model
        sent, pause, offers, waiting = 0, 0, False, None
        for cycle in range(1000 + 50 * (len(given) + count) + gap * len(given)):
            if len(found) == count:
                return
            ctx.set(reset, cycle == reset_at)
            if not offers and sent < len(given):
                pause = max(pause - 1, 0)
                offers = not pause and rng.random() >= stalls[0]
            takes = rng.random() >= stalls[1]
            ctx.set(unit.i.valid, offers)
            ctx.set(unit.i.payload.as_value(), given[sent] if offers else rng.getrandbits(8))
            ctx.set(unit.o.ready, takes)
            _, _, ready, valid, word = await ctx.tick().sample(
                unit.i.ready, unit.o.valid, unit.o.payload.as_value()
            )
            assert (bool(ready), bool(valid)) == (model.ready(takes), model.valid(offers)), cycle
            if cycle == reset_at:
                model, sent, pause, offers, waiting = StageModel(stage), 0, 0, False, None
                found.clear()
                cycles.clear()
                continue
            model.tick(bool(offers and ready), bool(valid and takes), takes)
            assert waiting is None or (valid and word == waiting)
            waiting = word if valid and not takes else None
            if valid and takes:
                found.append(word)
                cycles.append(cycle)
            if offers and ready:
                sent, offers = sent + 1, False
                if sent % stage.inputs.beats == 0:
                    pause = gap

    simulator = Simulator(ResetInserter(reset)(unit))
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return found, cycles
