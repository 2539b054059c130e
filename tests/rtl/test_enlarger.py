"""Maps made larger against NumPy, with stalls, gaps and resets."""

import random

import numpy as np
import pytest

from hwgen.numeric import IntType
from hwgen.plan.execute import run_stage
from hwgen.plan.stages.stage import Enlarger, Stream
from hwgen.plan.streams.timing import latency_and_interval
from tests.rtl.drive import random_frames, run, words

FRAMES = 3
U1, U3, S4 = IntType.parse("u1"), IntType.parse("u3"), IntType.parse("s4")


def enlarger(image, factor, lanes=(U3, S4), sources=None, memory="lut", beats=1):
    sources = sources or (tuple(range(len(lanes))),) * factor**2
    shown = [IntType.parse("s4") for _ in sources[0]]
    return Enlarger(
        name="e",
        inputs=Stream(lanes=lanes, order=tuple(range(len(lanes) * beats)), image=image),
        outputs=Stream(
            lanes=tuple(shown),
            order=tuple(range(len(shown) * beats)),
            image=(image[0] * factor, image[1] * factor),
        ),
        factor=factor,
        sources=sources,
        memory=memory,
    )


def random_enlarger(seed):
    """Any shape; half of them show other channels at every pixel of a square, half take beats."""
    rng = random.Random(seed)
    factor, image = rng.randint(1, 4), (rng.randint(1, 5), rng.randint(1, 6))
    lanes = tuple(rng.choice([U1, U3, S4]) for _ in range(rng.randint(1, 4)))
    sources = None
    if seed % 2:
        channels = range(rng.randint(1, 3))
        draw = [[rng.randrange(len(lanes)) for _ in channels] for _ in range(factor**2)]
        sources = tuple(map(tuple, draw))
    beats = 1 if sources else rng.choice([1, 2, 3, 5])
    return enlarger(image, factor, lanes, sources, rng.choice(["lut", "block"]), beats)


def larger(stage, frames):
    """Of (frames, beats, lanes), the larger maps, position by position."""
    beats = stage.inputs.beats_each
    image = frames.reshape(len(frames), *stage.inputs.image, beats, -1)
    height, width = stage.outputs.image
    found = np.empty((len(frames), height, width, beats, len(stage.outputs.lanes)), np.int64)
    for y, x in np.ndindex(height, width):
        phase = y % stage.factor * stage.factor + x % stage.factor
        found[:, y, x] = image[:, y // stage.factor, x // stage.factor][..., stage.sources[phase]]
    return found.reshape(len(frames), height * width * beats, -1)


def check(stage, seed, **options):
    """Valid and ready are those of the model in every cycle, too (`run`)."""
    frames = random_frames(stage.inputs, FRAMES, seed)
    wanted = larger(stage, frames)
    slots = run_stage(stage, frames.reshape(FRAMES, -1))
    assert slots.tolist() == wanted.reshape(FRAMES, -1).tolist()
    expected = words(wanted, stage.outputs)
    found, cycles = run(stage, words(frames, stage.inputs), len(expected), seed=seed, **options)
    assert found == expected
    return cycles


def check_all_ways(seed):
    stage, rng = random_enlarger(seed), random.Random(seed)
    stalls = rng.choice([0.1, 0.5, 0.9]), rng.choice([0.1, 0.5, 0.9])
    check(stage, seed)
    check(stage, seed, stalls=stalls, gap=5, reset_at=rng.randint(1, 2 * stage.inputs.beats))


@pytest.mark.parametrize("seed", range(16))
def test_maps_of_any_shape_are_made_larger(seed):
    check_all_ways(seed)


@pytest.mark.slow
def test_maps_of_many_shapes_are_made_larger():
    for seed in range(16, 200):
        check_all_ways(seed)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_a_pixel_leaves_in_every_cycle(factor):
    stage = enlarger((3, 5), factor)
    cycles = check(stage, 0)
    latency, interval = latency_and_interval((stage,))
    assert (cycles[0], interval) == (latency, 15 * factor**2)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sources": ((0,),) * 3}, "sources must have an item for each of 4 pixels"),
        ({"sources": ((2,),) * 4}, "sources must name one of 2 lanes for each output lane"),
    ],
)
def test_impossible_ones_are_refused(fields, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        enlarger((3, 5), 2, **fields)
