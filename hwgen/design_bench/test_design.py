"""The design and each of its units against the integer reference, bit for bit.

Run by run.py, which says what to run through plus-arguments: `vectors`, `samples`, `seed`.
"""

import json
from itertools import pairwise
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import First, RisingEdge, Timer
from cocotb.utils import get_sim_time
from streams import PERIOD_NS, Link, collect, pack, send, unpack

STALLED = 48  # vectors of the runs with random stalls
WARM_UP = 3  # vectors, beside one a unit, until the interval is steady
SHOWN = 3  # maps that are kept for the report, as they left the design
FEWEST = 16  # vectors of the run without stalls, where no number of samples is asked for
MAX_CYCLES = 150_000  # of any other number of vectors
LEAST = 2  # vectors of a run with stalls or a reset
RESET = 6  # vectors of the runs that a reset ends
FOLDER = Path(__file__).resolve().parent
BENCH = json.loads((FOLDER / "bench.json").read_text())
VECTORS = np.load(cocotb.plusargs.get("vectors", FOLDER.parent / "vectors.npz"))
SAMPLES = int(cocotb.plusargs.get("samples", 0))
SEED = int(cocotb.plusargs.get("seed", 0))
INTERVAL = BENCH["interval_cycles"]
PATIENCE = 10_000 + 10 * (BENCH["latency_cycles"] + INTERVAL)  # of a beat, in cycles


def cycle():
    """The number of the current clock cycle."""
    return round(get_sim_time("ns") / PERIOD_NS)


async def reset(dut):
    """Idle inputs, then two cycles of reset."""
    for prefix in ["top", *(f"u{k}" for k in range(len(BENCH["units"])))]:
        getattr(dut, f"{prefix}_i_valid").value = 0
        getattr(dut, f"{prefix}_i_data").value = 0
        getattr(dut, f"{prefix}_o_ready").value = 0
    dut.aresetn.value = 0
    for _ in range(2):
        await RisingEdge(dut.aclk)
    dut.aresetn.value = 1
    await RisingEdge(dut.aclk)


async def start(dut):
    """Clock and reset."""
    Clock(dut.aclk, PERIOD_NS, unit="ns").start()
    await reset(dut)


def words_of(rows, stream):
    """Vectors as packed beats; slots beyond the vector are padding."""
    widths = stream["bits"]
    slots = stream["beats"] * len(widths)
    return [word for row in rows for word in pack(list(row) + [0] * (slots - len(row)), widths)]


async def run(dut, prefix, given, expected, streams, stall=0.0, sink_stalls=True, keep=None):
    """Stream vectors through one block and compare every beat; the cycles of both sides.

    `keep` is handed what came, right or wrong.
    """
    source, sink = Link(dut, f"{prefix}_i"), Link(dut, f"{prefix}_o")
    inputs, outputs = words_of(given, streams[0]), words_of(expected, streams[1])
    last = dut.top_o_last if prefix == "top" else None
    sender = cocotb.start_soon(send(source, inputs, cycle, stall, SEED))
    sink_stall = stall if sink_stalls else 0.0
    words, cycles, lasts = await collect(
        sink, len(outputs), cycle, PATIENCE, sink_stall, SEED + 1, last
    )
    if keep is not None:
        keep(words)
    beats = streams[1]["beats"]
    wrong = [k for k, (a, b) in enumerate(zip(words, outputs, strict=True)) if a != b]
    assert not wrong, (
        f"{prefix}: {len(wrong)} of {len(outputs)} beats differ; first at vector "
        f"{wrong[0] // beats}, beat {wrong[0] % beats}: {words[wrong[0]]:#x}, "
        f"not {outputs[wrong[0]]:#x}"
    )
    if last is not None:
        assert lasts == [int(k % beats == beats - 1) for k in range(len(outputs))], "tlast"
    await First(sender, Timer(PATIENCE * PERIOD_NS, "ns"))
    assert sender.done(), f"{prefix}: no beat taken in {PATIENCE} cycles after the last"
    return sender.result(), cycles


def affordable(interval, least, most):
    """As many vectors as take `MAX_CYCLES`, one every `interval` cycles, within limits."""
    return min(max(MAX_CYCLES // interval, least), most)


def top_streams():
    """The streams before and behind the whole design."""
    return BENCH["streams"]


def chosen(name_in, name_out, count):
    """The first `count` vectors of a block, all of them where 0."""
    given, expected = VECTORS[name_in], VECTORS[name_out]
    return (given[:count], expected[:count]) if count else (given, expected)


def chosen_of_top(count):
    """The first `count` vectors of the design, maps as they travel: pixel by pixel."""
    sides = zip(chosen("x", "y", count), top_streams(), strict=True)
    return [by_pixel(rows, stream) for rows, stream in sides]


def by_pixel(rows, stream):
    """Of (maps, elements), channels slowest, the slots: all channels of a pixel, then padding."""
    positions = stream["positions"]
    pixels = rows.reshape(len(rows), -1, positions).swapaxes(1, 2)
    slots = stream["beats"] // positions * len(stream["bits"])
    padded = np.pad(pixels, ((0, 0), (0, 0), (0, slots - pixels.shape[2])))
    return padded.reshape(len(rows), -1)


def keep_maps(words):
    """Write the first maps that left the design, beside what went in and the reference.

    A lane tells its integer modulo 2^bits: of these the one nearest to the reference is taken.
    """
    given, stream = top_streams()
    beats, positions = stream["beats"], stream["positions"]
    if min(positions, given["positions"]) == 1:
        return
    count = min(SHOWN, len(words) // beats)
    x, y = chosen("x", "y", count)
    lanes = np.array(unpack(words[: count * beats], stream["bits"]), np.int64)
    right = by_pixel(y, stream)
    half = 1 << (np.resize(stream["bits"], right.shape[1]).astype(np.int64) - 1)
    found = right + (lanes.reshape(right.shape) - right + half) % (2 * half) - half
    pixels = found.reshape(count, positions, -1)[:, :, : y.shape[1] // positions]
    maps = pixels.swapaxes(1, 2).reshape(y.shape)
    np.savez_compressed(FOLDER / "maps.npz", x=x, y=y, simulated=maps)


@cocotb.test()
async def every_vector(dut):
    """All vectors without a stall; latency and interval are those of the plan."""
    await start(dut)
    most = len(VECTORS["x"])
    given, expected = chosen_of_top(SAMPLES or affordable(INTERVAL, FEWEST, most))
    sent, cycles = await run(dut, "top", given, expected, top_streams(), keep=keep_maps)
    latency = cycles[0] - sent[0]
    assert latency == BENCH["latency_cycles"], f"latency is {latency} cycles"
    beats = top_streams()[1]["beats"]
    ends = cycles[beats - 1 :: beats]
    steady = len(BENCH["units"]) + WARM_UP
    intervals = [late - early for early, late in pairwise(ends)][steady:]
    interval = max(intervals, default=None)
    assert interval in (None, INTERVAL), f"interval is {interval} cycles"
    (FOLDER / "measured.json").write_text(
        json.dumps(
            {
                "vectors": len(given),
                "latency_cycles": latency,
                "interval_cycles": interval,
            }
        )
    )


@cocotb.test()
async def random_stalls(dut):
    """Source and sink stop at random; nothing is lost, doubled or changed."""
    await start(dut)
    given, expected = chosen_of_top(affordable(INTERVAL, LEAST, STALLED))
    for stall in (0.3, 0.7):
        await run(dut, "top", given, expected, top_streams(), stall)


@cocotb.test()
async def reset_in_mid_stream(dut):
    """A reset while vectors are under way forgets them; the next ones are right."""
    await start(dut)
    given, expected = chosen_of_top(affordable(INTERVAL, LEAST, RESET))
    source, sink = Link(dut, "top_i"), Link(dut, "top_o")
    words = words_of(given, top_streams()[0])
    pause = max(INTERVAL, 2)
    for patience in (1, pause // 2 + 1, BENCH["latency_cycles"] + pause // 3):
        sender = cocotb.start_soon(send(source, words, cycle))
        taker = cocotb.start_soon(collect(sink, 1 << 20, cycle, PATIENCE))
        for _ in range(patience):
            await RisingEdge(dut.aclk)
        sender.cancel()
        taker.cancel()
        await reset(dut)
        await run(dut, "top", given, expected, top_streams())


async def one_unit(dut, index):
    """A unit alone: its own vectors, then some of them with stalls."""
    unit, prefix = BENCH["units"][index], f"u{index}"
    streams = unit["streams"]
    given, expected = chosen(f"{prefix}_i", f"{prefix}_o", 0)
    sent, cycles = await run(dut, prefix, given, expected, streams)
    interval = max((cycles[-1] - sent[0]) // len(given), 1)
    count = affordable(interval, LEAST, STALLED)
    await run(dut, prefix, given[:count], expected[:count], streams, 0.4, unit["stalls"])


@cocotb.test()
async def every_unit(dut):
    """Each unit alone: every channel at its exact minimum and maximum, every threshold's edge.

    They run side by side, since a cycle of one costs as much as a cycle of all. A unit that counts
    on an output buffer never meets a sink that waits.
    """
    await start(dut)
    runs = [cocotb.start_soon(one_unit(dut, index)) for index in range(len(BENCH["units"]))]
    for each in runs:
        await each
