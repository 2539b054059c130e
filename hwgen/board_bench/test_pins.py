"""The board at its pins: images, every fault of the protocol, a break, both ends of the rate.

Run by run.py. After each fault the next request must be right.
"""

import json
import math
import sys
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import Timer
from pins import Host, powered, stuffed

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from driver import packed, unpacked

FACTS = json.loads((FOLDER.parent / "board.json").read_text())
VECTORS = np.load(cocotb.plusargs["vectors"])
IMAGES = int(cocotb.plusargs.get("images", 10))
SIZE, RESULT = FACTS["vector_bytes"], FACTS["result_bytes"]
MOST_BYTES = 20_000  # of a request that must be too long
DONE, CHECKSUM, LENGTH, OVERRUN, COMMAND, LINE, BUSY = range(7)


async def power_up(dut):
    """Clock, and a host that listens."""
    period = round(1e12 / FACTS["clock_hz"])
    Clock(dut.clk, period - period % 2, unit="ps").start()
    host = Host(dut, FACTS["baud"])
    await powered(FACTS)
    cocotb.start_soon(host.listen())
    return host


def lamps(dut):
    """Whether the lamps for passed and failed are on."""
    low = int(FACTS["pins"]["leds_low"])
    failed = dut.led_failed if FACTS["pins"]["led_failed"] else None
    return bool(int(dut.led_passed.value) ^ low), failed is not None and bool(
        int(failed.value) ^ low
    )


async def tested(host):
    """Wait for the end of the power-up test."""
    cycles = FACTS["self_test"]["cycles"] + 2 * FACTS["reset_cycles"]
    await Timer(round(1e12 * cycles / FACTS["clock_hz"] + 1e6), unit="ps")


class Requests:
    """Requests with numbers, and what comes of them."""

    def __init__(self, host):
        self.host, self.sequence = host, 0

    def body(self, command, payload=b""):
        """A request with the next number."""
        self.sequence = (self.sequence + 1) % 256
        return bytes([ord(command), self.sequence]) + payload

    async def ask(self, command, payload=b"", **frame):
        """Status and results of one request."""
        body = self.body(command, payload)
        return self.checked(body, await self.host.ask(body, **frame))

    def checked(self, body, reply):
        """Status and results; the reply's header must be the request's."""
        assert reply[:2] == bytes([body[0] | 0x80, body[1]]), reply.hex()
        return reply[-1], reply[2:-1]

    async def run_images(self, first, count):
        """Run images, and compare them with the reference."""
        x = VECTORS["x"][first : first + count].reshape(count, -1)
        status, results = await self.ask("R", packed(x, FACTS["input"]))
        assert status == DONE, f"status {status}"
        y = unpacked(results, FACTS["output"])
        expected = VECTORS["y"][first : first + count].reshape(count, -1)
        assert np.array_equal(y, expected), f"image {first} and on: {y} instead of {expected}"


@cocotb.test()
async def at_the_pins(dut):
    """All of it, one after another, as a board would live through it."""
    host = await power_up(dut)
    requests = Requests(host)
    assert lamps(dut) == (False, False)
    if FACTS["self_test"]["cycles"] > 10 * FACTS["divisor"] * (SIZE + 60):
        status, told = await requests.ask("I")
        assert status == DONE
        check_info(told, running=True)
        status, results = await requests.ask("R", bytes(SIZE))
        assert (status, results) == (BUSY, b"")
    await tested(host)
    status, told = await requests.ask("I")
    assert status == DONE
    check_info(told, running=False)
    assert lamps(dut) == (True, False), "the self test must pass"
    await images(requests)
    await faults(requests)
    await overrun(requests)
    await rates(requests)
    await again(requests)
    assert host.broken == 0


def check_info(told, running):
    """Compare INFO with board.json."""
    assert len(told) == 27
    numbers = [told[0], told[1:9].hex(), *np.frombuffer(told[9:21], "<u4")]
    names = ("protocol", "digest", "clock_hz", "vector_bytes", "result_bytes")
    assert numbers == [FACTS[name] for name in names]
    assert int.from_bytes(told[21:23], "little") == FACTS["frame_vectors"]
    assert told[26] == (2 if running else 1)


async def images(requests):
    """Images, one alone and several in a frame."""
    await requests.run_images(0, 1)
    some = min(FACTS["frame_vectors"], 4)
    for first in range(1, IMAGES, some):
        await requests.run_images(first, min(some, IMAGES - first))
    status, results = await requests.ask("R")
    assert (status, results) == (DONE, b"")


async def faults(requests):
    """Every status; the next request is right."""
    host = requests.host
    status, _ = await requests.ask("R", bytes(SIZE), checksum=0x1234)
    assert status == CHECKSUM
    await requests.run_images(0, 1)
    if SIZE > 1:
        status, _ = await requests.ask("R", bytes(SIZE - 1))
        assert status == LENGTH
        await requests.run_images(1, 1)
    status, _ = await requests.ask("T", b"x")
    assert status == LENGTH
    status, _ = await requests.ask("Q")
    assert status == COMMAND
    await requests.run_images(2, 1)
    body = requests.body("R", bytes(SIZE))
    await host.send(stuffed(body), breaks=(4,))
    status, _ = requests.checked(body, await host.answer())
    assert status == LINE
    await requests.run_images(3, 1)
    await host.send(stuffed(requests.body("R", bytes(SIZE)))[: SIZE // 2 + 3] + b"AT\r")
    await host.send(b"\x7e\x7e")
    assert (await host.answer())[-1] == CHECKSUM
    await requests.run_images(4, 1)
    await host.hold_low(30)
    await host.send(b"\x7e\x7e")
    assert (await host.answer())[-1] == LINE
    await host.send(b"\x7e\x7e\x7e")
    await requests.run_images(5, 1)
    status, told = await requests.ask("I")
    assert status == DONE
    assert int.from_bytes(told[23:25], "little") >= 6  # bad frames


async def overrun(requests):
    """More vectors than a frame may hold, where the design or the replies are slower than the line.

    How many are too many follows from the vectors that come while one is done.
    """
    slow = max(FACTS["interval_cycles"] / (10 * FACTS["divisor"]), RESULT) / SIZE
    if slow < 1.1:
        return
    count = 2 * math.ceil(FACTS["frame_vectors"] * slow / (slow - 1)) + 8
    if count * SIZE > MOST_BYTES:
        return
    status, _ = await requests.ask("R", bytes(SIZE * count))
    assert status == OVERRUN, f"{count} vectors in a frame: status {status}"
    await requests.run_images(0, 1)


async def rates(requests):
    """Bits 3 % too fast and too slow."""
    for rate in (1.03, 0.97):
        requests.host.rate = rate
        await requests.run_images(6, 2)
    requests.host.rate = 1.0


async def again(requests):
    """The self test anew, reset, and an image."""
    expected = FACTS["self_test"]
    if expected["cycles"] <= int(cocotb.plusargs.get("most_cycles", 1_000_000)):
        body = requests.body("T")
        await requests.host.send(stuffed(body))
        bits = expected["cycles"] / FACTS["divisor"] + 1000
        status, told = requests.checked(body, await requests.host.answer(bits))
        assert status == DONE
        assert int.from_bytes(told[:2], "little") == expected["signature"]
        assert int.from_bytes(told[2:], "little") == expected["cycles"]
    status, results = await requests.ask("Z")
    assert (status, results) == (DONE, b"")
    await requests.run_images(7, 1)
