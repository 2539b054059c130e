"""The board behind a pseudo-terminal, for the driver; run by `run.py --serve`.

What the driver writes goes to the simulated pin bit by bit, and back. Bytes can be lost, changed
and inserted on their way, by a seeded generator.
"""

import json
import os
import random
import select
import tty
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import Timer
from pins import Host, powered

FOLDER = Path(__file__).resolve().parent
FACTS = json.loads((FOLDER.parent / "board.json").read_text())
SEED = int(cocotb.plusargs.get("seed", 0))
DAMAGE = float(cocotb.plusargs.get("damage", 0))  # share of bytes that are
GAP_BITS = 20  # of idle line that are simulated at once


class Damage:
    """Loses, changes and inserts bytes."""

    def __init__(self, share, seed):
        self.share, self.rng, self.count = share, random.Random(seed), 0

    def of(self, data):
        """What comes through."""
        found = bytearray()
        for byte in data:
            if self.rng.random() >= self.share:
                found.append(byte)
                continue
            self.count += 1
            kind = self.rng.randrange(3)
            if kind == 1:
                found.append(byte ^ 1 << self.rng.randrange(8))
            elif kind == 2:
                found += bytes([byte, self.rng.randrange(256)])
        return bytes(found)


@cocotb.test()
async def serve(dut):
    """Serve until the driver closes the terminal."""
    period = round(1e12 / FACTS["clock_hz"])
    Clock(dut.clk, period - period % 2, unit="ps").start()
    host = Host(dut, FACTS["baud"])
    await powered(FACTS)
    cocotb.start_soon(host.listen())
    master, slave = os.openpty()
    tty.setraw(slave)
    Path(cocotb.plusargs["terminal"]).write_text(os.ttyname(slave))
    there, back = Damage(DAMAGE, SEED), Damage(DAMAGE, SEED + 1)
    bit_ps = 1e12 / FACTS["baud"]
    met = False
    while True:
        ready, _, _ = select.select([master], [], [], 0)
        if ready:
            try:
                data = os.read(master, 64)
            except OSError:
                break
            if not data:
                break
            if not met:
                os.close(slave)  # from now on the driver's end is the only one
            met = True
            await host.send(there.of(data))
        else:
            await Timer(round(GAP_BITS * bit_ps), unit="ps")
        if host.bytes:
            data, host.bytes = bytes(host.bytes), bytearray()
            try:
                os.write(master, back.of(data))
            except OSError:
                break
    dut._log.info(f"damaged bytes: {there.count} to the board, {back.count} from it")
