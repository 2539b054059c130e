"""A host at the pins: bytes as bits in time, whatever the clock of the board does."""

import binascii

from cocotb.triggers import FallingEdge, Timer
from cocotb.utils import get_sim_time

LOCK_CYCLES = 110  # of pll.v, and of the registers behind it


def stuffed(body, checksum=None):
    """A frame between flags; `checksum` in place of the right one."""
    value = binascii.crc_hqx(body, 0xFFFF) if checksum is None else checksum
    whole = body + value.to_bytes(2, "big")
    return b"\x7e" + whole.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def unstuffed(frame):
    """The body between flags, and whether its checksum is right."""
    plain, turn = bytearray(), 0
    for byte in frame:
        if byte == 0x7D:
            turn = 0x20
        else:
            plain.append(byte ^ turn)
            turn = 0
    return bytes(plain[:-2]), binascii.crc_hqx(bytes(plain), 0xFFFF) == 0


async def powered(facts):
    """Wait until tx has its initial value and the clock, where it is a PLL's, is locked."""
    cycles = LOCK_CYCLES if facts["pll"] else 0
    await Timer(1e6 + round(1e12 * cycles / facts["clock_hz"]), unit="ps")


class Host:
    """Sends and receives; `rate` is the host's baud rate as a multiple of the board's."""

    def __init__(self, dut, baud):
        self.dut, self.rate, self._bit_ps = dut, 1.0, 1e12 / baud
        self.bytes = bytearray()  # that came
        self.broken = 0  # of them without a stop bit
        dut.rx.value = 1

    async def _bits(self, count):
        await Timer(round(count * self._bit_ps / self.rate), unit="ps")

    async def send(self, data, breaks=()):
        """Send bytes; those whose places are in `breaks` have no stop bit."""
        for place, byte in enumerate(data):
            self.dut.rx.value = 0
            await self._bits(1)
            for bit in range(8):
                self.dut.rx.value = (byte >> bit) & 1
                await self._bits(1)
            self.dut.rx.value = int(place not in breaks)
            await self._bits(1)
            if place in breaks:
                self.dut.rx.value = 1
                await self._bits(1)

    async def hold_low(self, bits):
        """A break."""
        self.dut.rx.value = 0
        await self._bits(bits)
        self.dut.rx.value = 1
        await self._bits(2)

    async def listen(self):
        """Collect bytes for ever; start it as a task."""
        while True:
            if int(self.dut.tx.value):
                await FallingEdge(self.dut.tx)
            await Timer(round(1.5 * self._bit_ps), unit="ps")
            byte = 0
            for bit in range(8):
                byte |= int(self.dut.tx.value) << bit
                await Timer(round(self._bit_ps), unit="ps")
            self.broken += not int(self.dut.tx.value)
            self.bytes.append(byte)

    def frames(self):
        """All whole frames that came, taken out."""
        *whole, rest = bytes(self.bytes).split(b"\x7e")
        self.bytes = bytearray(rest)
        return [frame for frame in whole if frame]

    async def answer(self, bits=100_000):
        """The next frame's body; fails where none comes within so many bit times."""
        ends = get_sim_time("ps") + bits * self._bit_ps
        while get_sim_time("ps") < ends:
            found = self.frames()
            if found:
                assert len(found) == 1, f"{len(found)} replies instead of one"
                body, whole = unstuffed(found[0])
                assert whole, f"checksum of {found[0].hex()}"
                return body
            await self._bits(1)
        raise AssertionError(f"no reply within {bits} bits; so far {self.bytes.hex()}")

    async def ask(self, body, **frame):
        """Send a request and give the body of its reply."""
        await self.send(stuffed(body, **frame))
        return await self.answer()
