"""Poolings against NumPy, with stalls, gaps and resets."""

import random

import numpy as np
import pytest

from hwgen.numeric import IntType
from hwgen.plan.stages.stage import Stream
from hwgen.plan.stages.window import RunningPool, WindowMax, pooled_range
from hwgen.plan.streams.timing import latency_and_interval
from tests.rtl.drive import random_frames, run, words

FRAMES = 3
U1, U3, S4 = IntType.parse("u1"), IntType.parse("u3"), IntType.parse("s4")


def running_pool(kind, image, kernel, stride, lanes=(U3, S4), memory="lut", beats=1):
    positions = tuple((n - k) // s + 1 for n, k, s in zip(image, kernel, stride, strict=True))
    pooled = tuple(pooled_range(kind, lane.range, kernel[0] * kernel[1]).type for lane in lanes)
    order = tuple(reversed(range(len(lanes) * beats)))
    return RunningPool(
        name="p",
        inputs=Stream(lanes=lanes, order=order, image=image),
        outputs=Stream(lanes=pooled, order=order, image=positions),
        kind=kind,
        kernel=kernel,
        stride=stride,
        memory=memory,
    )


def random_pool(seed):
    """Any shape: places that no window has, windows as large as the map."""
    rng = random.Random(seed)
    image = rng.randint(1, 9), rng.randint(1, 9)
    kernel = tuple(rng.randint(1, min(n, 4)) for n in image)
    stride = tuple(rng.randint(k, k + 2) for k in kernel)
    lanes = tuple(rng.choice([U1, U3, S4]) for _ in range(rng.randint(1, 3)))
    kind, memory = rng.choice(["max", "sum"]), rng.choice(["lut", "block"])
    return running_pool(kind, image, kernel, stride, lanes, memory, rng.choice([1, 1, 2, 3, 5]))


def pooled(stage, frames):
    """Of (frames, beats, lanes), the windows' largest or sums, position by position."""
    image = frames.reshape(len(frames), *stage.inputs.image, -1)
    (kh, kw), (sy, sx) = stage.kernel, stage.stride
    take = np.max if stage.kind == "max" else np.sum
    found = [
        take(image[:, y * sy : y * sy + kh, x * sx : x * sx + kw], axis=(1, 2))
        for y, x in np.ndindex(stage.outputs.image)
    ]
    return np.stack(found, axis=1).reshape(len(frames), stage.outputs.beats, -1)


def check(stage, seed, **options):
    frames = random_frames(stage.inputs, FRAMES, seed)
    expected = words(pooled(stage, frames), stage.outputs)
    found, _ = run(stage, words(frames, stage.inputs), len(expected), seed=seed, **options)
    assert found == expected


def check_all_ways(seed):
    stage, rng = random_pool(seed), random.Random(seed)
    stalls = rng.choice([0.1, 0.5, 0.9]), rng.choice([0.1, 0.5, 0.9])
    check(stage, seed)
    check(stage, seed, stalls=stalls, gap=5, reset_at=rng.randint(1, 2 * stage.inputs.beats))


@pytest.mark.parametrize("seed", range(20))
def test_pools_of_any_shape_are_those_of_the_map(seed):
    check_all_ways(seed)


@pytest.mark.slow
def test_pools_of_many_shapes_are_those_of_the_map():
    for seed in range(20, 320):
        check_all_ways(seed)


@pytest.mark.parametrize(
    ("image", "kernel", "stride"),
    [
        ((5, 7), (5, 7), (1, 1)),
        ((8, 8), (2, 2), (2, 2)),
        ((9, 4), (3, 1), (3, 1)),
        ((3, 9), (1, 2), (2, 4)),
        ((1, 1), (1, 1), (1, 1)),
        ((8, 6), (8, 2), (1, 2)),
    ],
    ids=["whole map", "halves", "a column wide", "a row high", "one pixel", "whole columns"],
)
@pytest.mark.parametrize("memory", ["lut", "block"])
@pytest.mark.parametrize("beats", [1, 3])
def test_beats_come_in_every_cycle(image, kernel, stride, memory, beats):
    stage = running_pool("sum", image, kernel, stride, memory=memory, beats=beats)
    check(stage, 0)
    assert latency_and_interval((stage,))[1] == stage.inputs.beats


@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.5, 0.5)])
@pytest.mark.parametrize("taps", [1, 2, 5, 9])
def test_largest_of_windows(taps, stalls):
    lanes = (*(U3,) * taps, *(S4,) * taps)
    sources = tuple(range(taps)), tuple(range(2 * taps - 1, taps - 1, -1))
    stage = WindowMax(
        name="m",
        inputs=Stream(lanes=lanes, order=tuple(range(2 * taps)), image=(4, 6)),
        outputs=Stream(lanes=(U3, S4), order=(0, 1), image=(4, 6)),
        sources=sources,
    )
    frames = random_frames(stage.inputs, FRAMES, taps)
    largest = np.stack([frames[..., list(lanes)].max(axis=-1) for lanes in sources], axis=-1)
    expected = words(largest, stage.outputs)
    found, _ = run(stage, words(frames, stage.inputs), len(expected), stalls=stalls)
    assert found == expected
