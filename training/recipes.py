"""Every recipe: the data, the network, its bits, and how long to train it.

The recipes train within minutes on one thread of a CPU, at a part of the papers' width and data.
Those named `..._full` have the papers' hyper-parameters (A2Q+, appendix B.1) and full width; they
are for a GPU or days, and for the full CIFAR-10. What the papers leave open and is chosen here: the
training of the float networks, and SGD without momentum, as in the code released with A2Q+.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hwgen.errors import HwgenError
from hwgen.nn.weight_quant import Method
from training.data.cifar10 import cifar10
from training.data.dataset import TrainingData, rounded
from training.data.digits import digit_images, digits
from training.data.dry_bean import dry_bean
from training.data.files import data_folder
from training.data.images import images
from training.data.nsl_kdd import nsl_kdd
from training.data.spoken_digits import spoken_digit_images, spoken_digits
from training.data.super_resolution import super_resolution
from training.recipe import Constrain, Recipe, RecipeName

__all__ = ["RECIPES", "Constrain", "Recipe", "RecipeName", "load", "load_asked", "with_method"]

MLPS: dict[RecipeName, Recipe] = {
    "digits": Recipe(
        name="digits",
        widths=(32, 32),
        constrain="all",
        first_last_bits=4,
        epochs=60,
        float_epochs=30,
        batch=32,
        learning_rate=5e-3,
    ),
    "mnist": Recipe(name="mnist", widths=(128, 64)),
    "fashion_mnist": Recipe(name="fashion_mnist", widths=(256, 128, 128)),
    "nsl_kdd": Recipe(name="nsl_kdd", widths=(64, 32), epochs=6, float_epochs=6),
    "dry_bean": Recipe(name="dry_bean", widths=(32, 32), epochs=20, float_epochs=20),
    "spoken_digits": Recipe(
        name="spoken_digits", widths=(128, 128), batch=64, epochs=30, float_epochs=30
    ),
}

CLASSIFIERS: dict[RecipeName, Recipe] = {
    "digits_cnn": Recipe(
        name="digits_cnn",
        network="small_cnn",
        width=0.25,
        epochs=20,
        float_epochs=10,
        batch=32,
        learning_rate=5e-3,
    ),
    "spoken_digits_cnn": Recipe(
        name="spoken_digits_cnn",
        network="small_cnn",
        width=0.5,
        accumulator_bits=10,
        epochs=12,
        float_epochs=12,
        batch=32,
    ),
    "cifar10_cnn": Recipe(
        name="cifar10_cnn",
        network="small_cnn",
        width=0.5,
        accumulator_bits=12,
        epochs=8,
        float_epochs=20,
        batch=64,
        float_learning_rate=4e-3,
        augment=True,
    ),
    "resnet18": Recipe(
        name="resnet18",
        network="resnet18",
        width=0.25,
        accumulator_bits=12,
        epochs=4,
        float_epochs=12,
        batch=64,
        float_learning_rate=4e-3,
        augment=True,
    ),
    "mobilenet_v1": Recipe(
        name="mobilenet_v1",
        network="mobilenet_v1",
        width=0.25,
        accumulator_bits=12,
        epochs=8,
        float_epochs=24,
        batch=64,
        float_learning_rate=8e-3,
        augment=True,
    ),
}

ENLARGERS: dict[RecipeName, Recipe] = {
    "espcn": Recipe(
        name="espcn",
        network="espcn",
        width=0.5,
        accumulator_bits=12,
        epochs=12,
        float_epochs=40,
        batch=8,
        float_learning_rate=5e-3,
        augment=True,
    ),
    "unet": Recipe(
        name="unet",
        network="unet",
        width=0.25,
        accumulator_bits=12,
        epochs=12,
        float_epochs=40,
        batch=8,
        float_learning_rate=5e-3,
        augment=True,
    ),
}

FULL: dict[RecipeName, Recipe] = {
    "resnet18_full": Recipe(
        name="resnet18_full",
        network="resnet18",
        accumulator_bits=14,
        epochs=100,
        batch=256,
        optimizer="sgd",
        learning_rate=1e-3,
        scale_rate=1.0,
        decay_epochs=30,
        decay_factor=0.1,
        float_epochs=100,
        float_optimizer="momentum",
        float_learning_rate=0.1,
        float_weight_decay=5e-4,
        augment=True,
    ),
    "mobilenet_v1_full": Recipe(
        name="mobilenet_v1_full",
        network="mobilenet_v1",
        accumulator_bits=14,
        epochs=100,
        batch=64,
        optimizer="sgd",
        learning_rate=1e-3,
        scale_rate=1.0,
        decay_epochs=1,
        decay_factor=0.9,
        float_epochs=100,
        float_optimizer="momentum",
        float_learning_rate=0.05,
        float_weight_decay=5e-4,
        augment=True,
    ),
    "espcn_full": Recipe(
        name="espcn_full",
        network="espcn",
        accumulator_bits=14,
        epochs=300,
        float_epochs=300,
        batch=8,
        learning_rate=1e-3,
        scale_rate=1.0,
        decay_epochs=1,
        decay_factor=0.999,
        float_start=False,
        augment=True,
    ),
    "unet_full": Recipe(
        name="unet_full",
        network="unet",
        accumulator_bits=14,
        epochs=300,
        float_epochs=300,
        batch=8,
        learning_rate=1e-3,
        scale_rate=1.0,
        decay_epochs=1,
        decay_factor=0.999,
        float_start=False,
        augment=True,
    ),
}

RECIPES: dict[RecipeName, Recipe] = {**MLPS, **CLASSIFIERS, **ENLARGERS, **FULL}


OWN_DATA: tuple[RecipeName, ...] = ("digits", "digits_cnn")  # which come with scikit-learn


def with_method(
    recipe: Recipe,
    method: Method,
    accumulator_bits: int | None,
    units: tuple[int, ...] | None = None,
) -> Recipe:
    """The recipe for another method or budget.

    `qat` drops the accumulator bits of the recipe, and so do units where no bits are given.
    """
    bits = accumulator_bits
    if bits is None and units is None and method != "qat":
        bits = recipe.accumulator_bits
    return replace(recipe, method=method, accumulator_bits=bits, units=units)


def load_asked(recipe: Recipe, folder: Path | None) -> TrainingData:
    """Read the recipe's data set; as `load`, for a folder that is asked for by name.

    Raises
    ------
    HwgenError
        Where the recipe looks at no folder.
    """
    if folder is not None and recipe.name in OWN_DATA:
        raise HwgenError(
            f"data: must not be given for {recipe.name}, which needs no folder; leave it out"
        )
    return load(recipe, folder)


def load(recipe: Recipe, folder: Path | None) -> TrainingData:
    """Read the recipe's data set."""
    match recipe.name:
        case "digits":
            return digits()
        case "digits_cnn":
            return digit_images()
        case "mnist" | "fashion_mnist":
            return rounded(images(data_folder(folder), recipe.name), recipe.input_bits)
        case "nsl_kdd":
            return nsl_kdd(data_folder(folder), recipe.input_bits)
        case "dry_bean":
            return dry_bean(data_folder(folder), recipe.input_bits)
        case "spoken_digits":
            return rounded(spoken_digits(data_folder(folder)), recipe.input_bits)
        case "spoken_digits_cnn":
            return spoken_digit_images(data_folder(folder))
        case "espcn" | "espcn_full" | "unet" | "unet_full":
            return super_resolution(data_folder(folder))
        case _:
            return cifar10(data_folder(folder))
