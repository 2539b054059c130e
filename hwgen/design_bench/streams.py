"""Drivers of valid/ready streams: one sends packed beats, the other collects them."""

import random

from cocotb.triggers import First, RisingEdge, Timer

PERIOD_NS = 10


class Link:
    """The three signals of a stream, as the bench sees them."""

    def __init__(self, dut, prefix):
        self.name = prefix
        self.clock = dut.aclk
        self.data = getattr(dut, f"{prefix}_data")
        self.valid = getattr(dut, f"{prefix}_valid")
        self.ready = getattr(dut, f"{prefix}_ready")


def number(signal):
    """The number that a signal is; fails where a bit is neither 0 nor 1."""
    try:
        return int(signal.value)
    except ValueError:
        problem = f"{signal._name}: every bit must be 0 or 1, not {signal.value}"
        raise AssertionError(problem) from None


def pack(slots, widths):
    """Beats of integers as packed words: the first lane in the lowest bits.

    `slots` holds beats * lanes integers, `widths` the bits of each lane.
    """
    words = []
    for start in range(0, len(slots), len(widths)):
        word, position = 0, 0
        for value, width in zip(slots[start : start + len(widths)], widths, strict=False):
            word |= (int(value) & ((1 << width) - 1)) << position
            position += width
        words.append(word)
    return words


def unpack(words, widths):
    """The lanes of packed words, as integers that are not negative: what `pack` put together."""
    lanes = []
    for word in words:
        for width in widths:
            lanes.append(word & ((1 << width) - 1))
            word >>= width
    return lanes


async def send(link, words, clock_of, stall=0.0, seed=0):
    """Offer each word until it is taken; the cycle in which each was taken goes to the result."""
    rng = random.Random(seed)
    taken = []
    for word in words:
        while rng.random() < stall:
            link.valid.value = 0
            await RisingEdge(link.clock)
        link.data.value = word
        link.valid.value = 1
        await RisingEdge(link.clock)
        while not number(link.ready):
            await RisingEdge(link.ready)  # and no cycle before, which would cost time
            await RisingEdge(link.clock)
        taken.append(clock_of())
    link.valid.value = 0
    return taken


async def collect(link, count, clock_of, patience, stall=0.0, seed=0, last=None):
    """Take `count` beats: words, the cycle of each, and its `last` flag where there is one.

    Fails where the payload changes while it waits, or nothing comes for `patience` cycles.
    """
    rng = random.Random(seed)
    words, cycles, lasts = [], [], []
    waiting, since = None, clock_of()
    while len(words) < count:
        accept = rng.random() >= stall
        link.ready.value = int(accept)
        await RisingEdge(link.clock)
        assert clock_of() < since + patience, (
            f"{link.name}: no beat in {patience} cycles after {len(words)}"
        )
        if not number(link.valid):
            assert waiting is None, (
                f"{link.name}: valid was taken back before the beat was accepted"
            )
            if not stall:
                await First(RisingEdge(link.valid), Timer(patience * PERIOD_NS, "ns"))
            continue
        word = number(link.data)
        assert waiting in (None, word), f"{link.name}: the payload changed while it waited"
        waiting = word
        if accept:
            words.append(word)
            cycles.append(clock_of())
            lasts.append(None if last is None else number(last))
            waiting, since = None, clock_of()
    link.ready.value = 0
    return words, cycles, lasts
