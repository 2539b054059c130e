"""Frames: the deframer and the framer against a model in Python."""

import binascii
import random

import pytest
from amaranth.sim import Simulator

from hwgen.host.driver import stuffed, unstuffed
from hwgen.rtl.link.deframer import Deframer
from hwgen.rtl.link.framer import Framer

GAP = 12  # cycles between bytes; the checksum takes eight
SPECIAL = (0x7E, 0x7D, 0x5E, 0x5D, 0x20, 0x00)


def deframed(data, broken=()):
    """Payload bytes and the ends of frames: (command, sequence, whole, clean)."""
    deframer, payload, ends = Deframer(), bytearray(), []

    async def bench(ctx):
        ctx.set(deframer.enable, 1)
        for place, byte in enumerate(data):
            for cycle in range(GAP):
                comes = cycle == 0
                ctx.set(deframer.byte, byte)
                ctx.set(deframer.done, comes and place not in broken)
                ctx.set(deframer.broken, comes and place in broken)
                (
                    _,
                    _,
                    strobe,
                    value,
                    over,
                    command,
                    sequence,
                    whole,
                    clean,
                ) = await ctx.tick().sample(
                    deframer.strobe,
                    deframer.payload,
                    deframer.ends,
                    deframer.command,
                    deframer.sequence,
                    deframer.is_whole,
                    deframer.is_clean,
                )
                if strobe:
                    payload.append(value)
                if over:
                    ends.append((command, sequence, whole, clean))

    simulator = Simulator(deframer)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return bytes(payload), ends


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("place", range(5))
def test_flags_and_escapes_in_every_position(special, place):
    body = bytearray(b"RsABC")
    body[place] = special
    assert deframed(stuffed(bytes(body))) == (
        bytes(body[2:]),
        [(body[0], body[1], 1, 1)],
    )


def test_frames_whose_checksum_is_escaped():
    found = [
        body
        for k in range(3000)
        if {0x7E, 0x7D}
        & {*binascii.crc_hqx(body := bytes([73, k & 255, k >> 8]), 0xFFFF).to_bytes(2, "big")}
    ][:6]
    assert len(found) == 6
    for body in found:
        assert deframed(stuffed(body)) == (body[2:], [(73, body[1], 1, 1)])


def test_flags_between_frames_are_nothing():
    payload, ends = deframed(b"\x7e\x7e" + stuffed(b"I\x01") + b"\x7e" + stuffed(b"Z\x02"))
    assert (payload, ends) == (b"", [(ord("I"), 1, 1, 1), (ord("Z"), 2, 1, 1)])


@pytest.mark.parametrize("bit", range(8))
def test_a_changed_bit_is_seen(bit):
    frame = bytearray(stuffed(b"Rsabc"))
    frame[4] ^= 1 << bit
    _, ends = deframed(bytes(frame))
    assert ends
    assert not any(whole for *_, whole, _ in ends)


def test_a_short_frame_is_not_whole():
    assert [end[2] for end in deframed(b"\x7eAT\x7e")[1]] == [0]


def test_a_missing_stop_bit_spoils_its_frame_alone():
    data = stuffed(b"Rsabc") + stuffed(b"Rsabc")
    _, ends = deframed(data, broken=(3,))
    assert [end[3] for end in ends] == [0, 1]


def framed(command, sequence, results, status, ready_share=1.0, seed=0):
    """What a framer sends."""
    framer, sent, rng = Framer(), bytearray(), random.Random(seed)

    async def bench(ctx):
        left, begun, over = list(results), True, False
        ctx.set(framer.command, command)
        ctx.set(framer.sequence, sequence)
        ctx.set(framer.status, status)
        for _ in range(60 * (len(results) + 20)):
            offers = bool(left) and rng.random() < ready_share
            ready = rng.random() < ready_share
            ctx.set(framer.start, begun)
            ctx.set(framer.result, left[0] if left else 0xEE)
            ctx.set(framer.result_valid, offers)
            ctx.set(framer.complete, not left)
            ctx.set(framer.ready, ready)
            _, _, taken, ends, valid, byte = await ctx.tick().sample(
                framer.result_taken, framer.ends, framer.valid, framer.byte
            )
            if taken:
                left.pop(0)
            if ends:
                begun, over = False, True
            if valid and ready:
                sent.append(byte)
        assert over

    simulator = Simulator(framer)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return bytes(sent)


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("results", [b"", b"\x7e", bytes(SPECIAL), b"\x7d\x7d" + bytes(range(20))])
def test_a_reply_is_the_models_frame(results, share):
    expected = bytes([ord("R") | 0x80, 0x7D]) + results + b"\x00"
    sent = framed(ord("R"), 0x7D, results, 0, share)
    assert sent == stuffed(expected)
    assert unstuffed(sent[1:-1]) == expected


@pytest.mark.parametrize("status", range(7))
def test_every_status_leaves(status):
    assert framed(ord("T"), 5, b"", status) == stuffed(bytes([ord("T") | 0x80, 5, status]))
