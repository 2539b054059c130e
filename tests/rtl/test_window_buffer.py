"""The window buffer against an index map, with many shapes, stalls, gaps and resets."""

import random

import numpy as np
import pytest

from hwgen.numeric import IntType
from hwgen.plan.stages.stage import Stream
from hwgen.plan.stages.window import LEAST_QUEUE, Tap, WindowBuffer
from hwgen.plan.streams.timing import latency_and_interval
from tests.rtl.drive import random_frames, run, words

FRAMES = 3
TYPES = [IntType(bits=bits, signed=signed) for bits in (1, 3) for signed in (False, True)]


def window_buffer(image, lanes, kernel, stride, first_end, positions, taps, spare=1, memory="lut"):
    length = max(image[1], (positions[1] - 1) * stride[1] + 1)
    steps = length * max(image[0], (positions[0] - 1) * stride[0] + 1)
    ends = [end + (n - 1) * s for end, n, s in zip(first_end, positions, stride, strict=True)]
    tail = max(ends[0] * length + ends[1] + 1 - steps, 0)
    outputs = tuple(lanes[tap.lane] for tap in taps)
    return WindowBuffer(
        name="w",
        inputs=Stream(lanes=tuple(lanes), order=tuple(range(len(lanes))), image=image),
        outputs=Stream(lanes=outputs, order=tuple(range(len(taps))), image=positions),
        kernel=kernel,
        stride=stride,
        origin=(first_end[0] - kernel[0] + 1, first_end[1] - kernel[1] + 1),
        taps=tuple(taps),
        queue=max(tail + spare - 1, LEAST_QUEUE) if tail or spare > 3 else 0,
        memory=memory,
    )


def convolution(image, channels, kernel, stride=1, padding=0, memory="lut", bits=3, spare=2):
    """All taps of a convolution that is as high as it is wide."""
    size = tuple((n + 2 * padding - kernel) // stride + 1 for n in image)
    taps = [Tap(u, v, c) for u in range(kernel) for v in range(kernel) for c in range(channels)]
    return window_buffer(
        image,
        [IntType(bits=bits, signed=False)] * channels,
        (kernel, kernel),
        (stride, stride),
        (kernel - 1 - padding,) * 2,
        size,
        taps,
        spare,
        memory,
    )


def random_buffer(seed):
    """Any shape: uneven padding, windows beyond the image, strides of more than a window."""
    rng = random.Random(seed)
    image = rng.randint(1, 7), rng.randint(1, 7)
    kernel = rng.randint(1, 4), rng.randint(1, 4)
    stride = rng.randint(1, 3), rng.randint(1, 3)
    lanes = [rng.choice(TYPES) for _ in range(rng.randint(1, 3))]
    first_end = tuple(rng.randrange(min(n, k + 1)) for n, k in zip(image, kernel, strict=True))
    positions = tuple(
        rng.randint(1, (n - end + k + 1) // s + 1)
        for n, end, k, s in zip(image, first_end, kernel, stride, strict=True)
    )
    every = [
        Tap(u, v, lane)
        for u in range(kernel[0])
        for v in range(kernel[1])
        for lane in range(len(lanes))
    ]
    taps = rng.sample(every, rng.randint(1, len(every)))
    spare, memory = rng.randint(1, 5), rng.choice(["lut", "block"])
    return window_buffer(image, lanes, kernel, stride, first_end, positions, taps, spare, memory)


def windows(stage, frames):
    """Of (frames, positions, lanes), what the taps show: (frames, positions, taps)."""
    height, width = stage.inputs.image
    pixels = frames.reshape(len(frames), height, width, -1)
    shown = np.zeros((len(frames), *stage.outputs.image, len(stage.taps)), np.int64)
    for y, x in np.ndindex(stage.outputs.image):
        for index, tap in enumerate(stage.taps):
            row = y * stage.stride[0] + stage.origin[0] + tap.u
            column = x * stage.stride[1] + stage.origin[1] + tap.v
            if 0 <= row < height and 0 <= column < width:
                shown[:, y, x, index] = pixels[:, row, column, tap.lane]
    return shown.reshape(len(frames), stage.outputs.positions, -1)


def check(stage, seed, **options):
    frames = random_frames(stage.inputs, FRAMES, seed)
    expected = words(windows(stage, frames), stage.outputs)
    found, cycles = run(stage, words(frames, stage.inputs), len(expected), seed=seed, **options)
    assert found == expected
    return cycles


def check_all_ways(seed):
    """Back to back; with stalls; with gaps in which the tape runs on alone; reset in a frame."""
    stage, rng = random_buffer(seed), random.Random(seed)
    check(stage, seed)
    stalls = rng.choice([0.1, 0.5, 0.9]), rng.choice([0.1, 0.5, 0.9])
    check(stage, seed, stalls=stalls)
    check(stage, seed, stalls=stalls, gap=rng.randint(1, 2 * stage.steps))
    check(stage, seed, stalls=stalls, reset_at=rng.randint(1, 2 * stage.steps))


@pytest.mark.parametrize("seed", range(30))
def test_windows_of_any_shape_are_those_of_the_map(seed):
    check_all_ways(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(30, 630, 60))
def test_windows_of_many_shapes_are_those_of_the_map(first):
    for seed in range(first, first + 60):
        check_all_ways(seed)


SHAPES = {
    "one pixel": ((1, 1), 2, 1, 1, 0),
    "a pixel wide": ((5, 1), 1, 1, 2, 0),
    "padded": ((4, 5), 2, 3, 1, 1),
    "no padding": ((5, 6), 1, 3, 1, 0),
    "large": ((8, 8), 1, 5, 1, 2),
    "every other": ((6, 6), 2, 3, 2, 1),
    "more padding than image": ((3, 3), 1, 2, 1, 1),
    "gaps between windows": ((7, 7), 1, 2, 3, 0),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("memory", ["lut", "block"])
def test_frames_back_to_back_lose_no_cycle(shape, memory):
    stage = convolution(*shape, memory)
    frames = random_frames(stage.inputs, 6, 0)
    count = 6 * stage.outputs.positions
    _, cycles = run(stage, words(frames, stage.inputs), count)
    ends = cycles[stage.outputs.positions - 1 :: stage.outputs.positions]
    # the last frame ends alone, after the tape was moved without pixels
    assert set(np.diff(ends[1:-1])) == {stage.steps}
    assert latency_and_interval((stage,)) == (cycles[0], stage.steps)
