"""Bytes to beats and back, for beats of 1, 2, 3 and 32 bytes, and the beats of the self test."""

import random

import pytest
from amaranth.sim import Simulator

from hwgen.plan.link import Side
from hwgen.plan.self_test import register_bytes
from hwgen.rtl.link.gather import Gather
from hwgen.rtl.link.spread import Spread


def simulated(component, bench):
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def side(size, beats=3):
    return Side(beat_bytes=size, beats=beats, width=8 * size)


@pytest.mark.parametrize("size", [1, 2, 3, 32])
def test_bytes_become_beats(size):
    gather, rng = Gather(side(size)), random.Random(size)
    data, found, vectors, starts = rng.randbytes(6 * size), [], [], []

    async def bench(ctx):
        for byte in data:
            starts.append(ctx.get(gather.at_start))
            for cycle in range(6):
                ctx.set(gather.byte, byte)
                ctx.set(gather.strobe, cycle == 0)
                ctx.set(gather.ready, cycle >= rng.randrange(2, 5))
                _, _, valid, ready, beat, whole, early = await ctx.tick().sample(
                    gather.valid, gather.ready, gather.beat, gather.vector_taken, gather.overruns
                )
                assert not early
                if valid and ready:
                    found.append(beat)
                    vectors.append(whole)

    simulated(gather, bench)
    beats = [data[k : k + size] for k in range(0, len(data), size)]
    assert found == [int.from_bytes(beat, "little") for beat in beats]
    assert vectors == [0, 0, 1, 0, 0, 1]
    assert [place for place, start in enumerate(starts) if start] == [0, 3 * size]


def test_a_byte_before_the_beat_is_taken_overruns():
    gather, seen = Gather(side(2)), []

    async def bench(ctx):
        for _ in range(3):
            ctx.set(gather.strobe, 1)
            *_, early = await ctx.tick().sample(gather.overruns)
            seen.append(early)

    simulated(gather, bench)
    assert seen == [0, 0, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 32])
def test_the_tests_beats_are_those_of_the_plan(size):
    gather, found = Gather(side(size)), []

    async def bench(ctx):
        ctx.set(gather.seed, 1)
        await ctx.tick()
        ctx.set(gather.seed, 0)
        ctx.set(gather.tests, 1)
        for cycle in range(50):
            ctx.set(gather.ready, cycle % 3 != 1)
            _, _, valid, ready, beat = await ctx.tick().sample(
                gather.valid, gather.ready, gather.beat
            )
            assert valid
            if ready:
                found.append(beat.to_bytes(size, "little"))

    simulated(gather, bench)
    held = bytes(max(size - 4, 0)) + register_bytes(60)
    start = max(size, 4) - size
    assert found == [held[start + k : start + k + size] for k in range(len(found))]


@pytest.mark.parametrize("size", [1, 2, 3, 32])
def test_beats_become_bytes(size):
    spread, rng = Spread(side(size)), random.Random(size)
    beats, found = [rng.randbytes(size) for _ in range(4)], bytearray()

    async def bench(ctx):
        left = list(beats)
        while left:
            takes = rng.random() < 0.6
            ctx.set(spread.valid, 1)
            ctx.set(spread.beat, int.from_bytes(left[0], "little"))
            ctx.set(spread.byte_taken, takes)
            _, _, byte, ready = await ctx.tick().sample(spread.byte, spread.ready)
            if takes:
                found.append(byte)
            if ready:
                left.pop(0)

    simulated(spread, bench)
    assert bytes(found) == b"".join(beats)
