"""Every recipe: the data, the network, its bits, and how long to train it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hwgen.errors import HwgenError
from hwgen.nn.weight_quant import Backward, Method
from training.data.cifar10 import cifar10
from training.data.dataset import Dataset, data_folder
from training.data.digits import digit_images, digits
from training.data.dry_bean import dry_bean
from training.data.images import images
from training.data.nsl_kdd import nsl_kdd

RecipeName = Literal[
    "digits", "mnist", "fashion_mnist", "nsl_kdd", "dry_bean", "digits_cnn", "cifar10_cnn"
]
Constrain = Literal["hidden", "all"]
Network = Literal["mlp", "small_cnn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides a training; equal recipes on one machine give equal models.

    Parameters
    ----------
    network
        The kind of network: `widths` are of an `mlp`, `width` is of a convolutional one.
    widths
        Neurons of each hidden layer.
    width
        Factor on the channels of every convolution.
    accumulator_bits
        What the constrained layers must keep; None with `qat`.
    constrain
        `hidden`: all layers but the first and the last, as the papers do. `all`: every layer.
    first_last_bits
        Weight bits of the first and the last layer.
    input_bits
        Bits of an input feature; only for data sets that are not integers to begin with.
    float_start
        Start from the weights of a trained float network.
    scale_rate
        Factor on the learning rate of scales and norms, which are learned as logarithms.
    augment
        Train on shifted and mirrored images.
    penalty_weight
        Weight of the norm penalty in the loss (A2Q+ takes 1e-3).
    """

    name: RecipeName
    method: Method = "a2q_ip"
    network: Network = "mlp"
    widths: tuple[int, ...] = ()
    width: float = 1.0
    weight_bits: int = 4
    activation_bits: int = 4
    accumulator_bits: int | None = 8
    constrain: Constrain = "hidden"
    first_last_bits: int = 8
    input_bits: int = 8
    epochs: int = 12
    float_epochs: int = 12
    batch: int = 128
    learning_rate: float = 2e-3
    scale_rate: float = 5.0
    weight_decay: float = 1e-5
    penalty_weight: float = 1e-3
    dropout: float = 0.0
    augment: bool = False
    backward: Backward = "soft"
    float_start: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        checks = {"epochs": self.epochs, "float_epochs": self.float_epochs, "batch": self.batch}
        for field_name, value in checks.items():
            if value < 1:
                raise HwgenError(f"{self.name}: {field_name} must be at least 1, not {value}")
        if min(self.widths, default=1) < 1:
            raise HwgenError(f"{self.name}: widths must be at least 1, not {self.widths}")
        if not self.width > 0:
            raise HwgenError(f"{self.name}: width must be positive, not {self.width}")
        if self.network != "mlp" and (self.widths or self.constrain == "all" or self.dropout):
            raise HwgenError(
                f"{self.name}: widths, dropout and constrain all must not be given for a "
                "convolutional network; give its width"
            )
        if self.network == "mlp" and self.augment:
            raise HwgenError(
                f"{self.name}: augment must be given for convolutional networks only; leave it out"
            )
        if self.network == "mlp" and self.width != 1.0:
            raise HwgenError(
                f"{self.name}: width must be given for convolutional networks only; give widths"
            )
        if self.method == "qat" and self.accumulator_bits is not None:
            raise HwgenError(
                f"{self.name}: accumulator bits must not be given for qat, which cannot keep them; "
                "use a2q, a2q_plus or a2q_ip"
            )
        if self.method != "qat" and self.accumulator_bits is None:
            raise HwgenError(f"{self.name}: accumulator bits must be given for {self.method}")


RECIPES: dict[RecipeName, Recipe] = {
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
    "digits_cnn": Recipe(
        name="digits_cnn",
        network="small_cnn",
        width=0.25,
        epochs=20,
        float_epochs=10,
        batch=32,
        learning_rate=5e-3,
    ),
    "cifar10_cnn": Recipe(
        name="cifar10_cnn",
        network="small_cnn",
        accumulator_bits=12,
        epochs=20,
        float_epochs=20,
        batch=64,
        augment=True,
    ),
}


def with_method(recipe: Recipe, method: Method, accumulator_bits: int | None) -> Recipe:
    """The recipe for another method; `qat` drops the accumulator bits of the recipe."""
    bits = accumulator_bits
    if bits is None and method != "qat":
        bits = recipe.accumulator_bits
    return replace(recipe, method=method, accumulator_bits=bits)


def load(recipe: Recipe, folder: Path | None) -> Dataset:
    """Read the recipe's data set."""
    match recipe.name:
        case "digits":
            return digits()
        case "digits_cnn":
            return digit_images()
        case "cifar10_cnn":
            return cifar10(data_folder(folder))
        case "mnist" | "fashion_mnist":
            return images(data_folder(folder), recipe.name)
        case "nsl_kdd":
            return nsl_kdd(data_folder(folder), recipe.input_bits)
        case "dry_bean":
            return dry_bean(data_folder(folder), recipe.input_bits)
