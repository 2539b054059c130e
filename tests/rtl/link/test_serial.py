"""Bytes on a line: the receiver with bits that are early and late, the transmitter bit by bit."""

import random

import pytest
from amaranth.sim import Simulator

from hwgen.rtl.link.receiver import Receiver
from hwgen.rtl.link.transmitter import Transmitter


def levels(data, divisor, rate=1.0, jitter=0.0, broken=(), seed=0):
    """The line's level in every clock cycle for bytes; the edges of bits are moved at random."""
    rng = random.Random(seed)
    bits = []
    for place, byte in enumerate(data):
        bits += [0, *((byte >> k) & 1 for k in range(8)), int(place not in broken)]
        bits += [1] * (place in broken)
    found, edge = [1] * 7, 7.0
    for bit in bits:
        edge += divisor / rate
        until = round(edge + rng.uniform(-jitter, jitter) * divisor)
        found += [bit] * (until - len(found))
    return found + [1] * 3 * divisor


def received(line, divisor):
    """Bytes that a receiver gives, -1 for one without its stop bit."""
    receiver, found = Receiver(divisor), []

    async def bench(ctx):
        for level in line:
            ctx.set(receiver.rx, level)
            _, _, done, broken, byte = await ctx.tick().sample(
                receiver.done, receiver.broken, receiver.byte
            )
            if done or broken:
                found.append(byte if done else -1)

    simulator = Simulator(receiver)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return found


@pytest.mark.parametrize("divisor", [8, 12, 50])
@pytest.mark.parametrize("rate", [0.98, 1.0, 1.02])
def test_random_bytes_arrive_with_jitter(divisor, rate):
    data = random.Random(divisor).randbytes(30) + b"\x00\xff\x55\xaa"
    assert received(levels(data, divisor, rate, jitter=0.02), divisor) == list(data)


def test_bits_that_are_too_fast_do_not_arrive():
    data = bytes([0x5A, 0xA5] * 10)
    assert received(levels(data, 16, 1.08), 16) != list(data)


def test_a_missing_stop_bit_is_told_and_the_next_byte_arrives():
    data = b"abc"
    assert received(levels(data, 12, broken=(1,)), 12) == [ord("a"), -1, ord("c")]


def test_a_break_is_told_once():
    line = [1] * 20 + [0] * 40 * 12 + [1] * 30
    assert received(line + levels(b"x", 12), 12) == [-1, ord("x")]


def test_a_short_pulse_is_no_start_bit():
    line = [1] * 20 + [0] * 4 + [1] * 200
    assert received(line + levels(b"x", 12), 12) == [ord("x")]


@pytest.mark.parametrize("divisor", [8, 12, 25])
@pytest.mark.parametrize("gap", [0, 37])
def test_the_receiver_reads_what_the_transmitter_sends(divisor, gap):
    data, transmitter, line = list(b"\x00\xff\x7e\x55"), Transmitter(divisor), []

    async def bench(ctx):
        left, pause = list(data), gap
        for _ in range((len(data) + 2) * (10 * divisor + gap)):
            offers = bool(left) and not pause
            ctx.set(transmitter.valid, offers)
            ctx.set(transmitter.byte, left[0] if left else 0)
            _, _, ready, level = await ctx.tick().sample(transmitter.ready, transmitter.tx)
            line.append(level)
            pause = max(pause - 1, 0)
            if offers and ready:
                left.pop(0)
                pause = gap

    simulator = Simulator(transmitter)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert received(line, divisor) == data
