"""Every recipe from its data to the integer network, on a few samples and thin networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwgen import reference
from hwgen.errors import HwgenError
from hwgen.nn import load_model, save_model
from hwgen.numeric import IntType
from training.data.dataset import Dataset, ImagePair, ImagePairs
from training.data.super_resolution import PATCH, shrunk
from training.recipes import RECIPES, load, with_method
from training.run import train_float, train_quantized

DATA = Path(__file__).parents[3] / "shared" / "data"
PICTURES = ["resnet18", "mobilenet_v1"]
ENLARGERS = ["espcn", "unet"]


def silent(epoch):
    pass


def pictures(samples=24):
    """Two classes of noisy images: a light left half, a light right half."""
    rng = np.random.default_rng(0)
    y = np.arange(2 * samples) % 2
    x = rng.integers(0, 120, (2 * samples, 3, 32, 32))
    x[y == 0, :, :, :16] += 120
    x[y == 1, :, :, 16:] += 120
    return Dataset(
        name="pictures",
        classes=10,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=x[:samples],
        train_y=y[:samples],
        test_x=x[samples:],
        test_y=y[samples:],
    )


def stripes():
    """Smooth waves: patches to train, two images of other sizes to test."""
    rows, columns = np.mgrid[: 3 * PATCH, : 3 * PATCH]
    waves = [128 + 90 * np.sin((rows * k + columns * (9 - k)) / 30) for k in range(10)]
    large = np.stack(waves).astype(np.uint8)
    tests = [np.tile(large[0], (2, 1))[:54], np.tile(large[1], (1, 2))[:, :60]]
    return ImagePairs(
        name="stripes",
        factor=3,
        train_x=np.stack([shrunk(wave) for wave in large])[:, None].astype(np.int64),
        train_y=large[:, None].astype(np.int64),
        tests=tuple(
            ImagePair(
                part=f"part{i}",
                name="wave",
                small=shrunk(image).astype(np.int64),
                large=image.astype(np.int64),
            )
            for i, image in enumerate(tests)
        ),
    )


def tiny(name, **changes):
    return replace(RECIPES[name], width=1 / 8, epochs=1, float_epochs=1, batch=8, **changes)


@pytest.mark.parametrize("name", [*PICTURES, *ENLARGERS])
@pytest.mark.parametrize("method", ["qat", "a2q_plus", "a2q_ip"])
def test_a_recipe_from_start_to_file(name, method, tmp_path):
    dataset = pictures() if name in PICTURES else stripes()
    recipe = with_method(tiny(name), method, None)
    trained = train_float(recipe, dataset, silent)
    graph, figures = train_quantized(recipe, dataset, trained, silent)
    save_model(graph, tmp_path / "model.pt")
    again = load_model(tmp_path / "model.pt")
    assert np.array_equal(reference.outputs(again, graph.samples.x), graph.samples.y)
    assert figures.metric == ("accuracy" if name in PICTURES else "psnr")
    assert figures.score_integer == pytest.approx(np.mean(list(figures.parts_integer.values())))
    assert set(figures.parts_float) == ({"test"} if name in PICTURES else {"part0", "part1"})
    assert graph.metadata[f"{figures.metric}_integer"] == figures.score_integer
    if method != "qat":
        hidden = figures.layers[1:-1]
        assert max(layer.accumulator_bits for layer in hidden) <= recipe.accumulator_bits


def test_accuracy_is_the_references():
    dataset = pictures()
    recipe = tiny("resnet18")
    graph, figures = train_quantized(recipe, dataset, train_float(recipe, dataset, silent), silent)
    guesses = reference.outputs(graph, dataset.test_x)[:, 0]
    assert figures.score_integer == pytest.approx(100 * np.mean(guesses == dataset.test_y))


def test_training_learns():
    dataset = stripes()
    recipe = replace(tiny("espcn"), epochs=8, float_epochs=25, learning_rate=5e-3)
    losses = []
    trained = train_float(recipe, dataset, lambda epoch: losses.append(epoch.loss))
    _, figures = train_quantized(recipe, dataset, trained, silent)
    assert losses[-1] < losses[0] / 3
    assert figures.score_integer > figures.score_float - 6


def test_a_loss_that_is_no_number_is_one_sentence():
    recipe = replace(tiny("espcn"), float_optimizer="sgd", float_learning_rate=1e30)
    with pytest.raises(HwgenError) as caught:
        train_float(recipe, stripes(), silent)
    assert str(caught.value) == (
        "espcn: epoch 1: the loss must stay finite, and is nan; lower the learning rate"
    )


def test_no_room_for_a_weight_is_said_before_any_training():
    epochs = []
    for name, method, bits, sentence in (
        ("resnet18", "a2q_ip", 3, "resnet18: blocks.block00.first.conv: P = 3 leaves no room for a "
         "weight of 1 with 4-bit inputs; the smallest useful P is 4"),
        ("mobilenet_v1", "a2q_plus", 5, "mobilenet_v1: blocks.depthwise0.conv: P = 5 leaves no "
         "room for a weight of 1 with 4-bit inputs; the smallest useful P is 6"),
    ):  # fmt: skip
        with pytest.raises(HwgenError) as caught:
            train_float(with_method(tiny(name), method, bits), pictures(), epochs.append)
        assert str(caught.value) == sentence
    assert not epochs


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_reads_its_data(name):
    if not DATA.is_dir() and not name.startswith("digits"):
        pytest.skip("the data sets are not there")
    dataset = load(RECIPES[name], DATA)
    assert len(dataset.train_x) > 1000
    assert dataset.train_x.dtype == np.int64
