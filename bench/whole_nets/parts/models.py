"""Nets of the benches of whole nets: what trains each, and where it is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from hwgen.flow import load
from hwgen.ir import Graph
from hwgen.nn import save_model
from hwgen.nn.weight_quant import Method
from training.build import float_net
from training.data.dataset import TrainingData
from training.loop import Report
from training.recipe import Recipe, RecipeName
from training.recipes import RECIPES, with_method
from training.recipes import load as load_data
from training.run import train_float, train_quantized
from training.sweep.float_store import FloatStore
from training.sweep.tasks import float_recipe

SWEPT = (
    Path(__file__).resolve().parents[3] / "docs" / "results"
)  # float nets of sweeps are kept there


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A net of a recipe with its own bits, channels and epochs; None as the recipe."""

    recipe: RecipeName
    method: Method
    bits: int | None = None
    layers: str = ""
    weight_bits: int | None = None
    end_bits: int | None = None
    activation_bits: int | None = None
    width: float | None = None
    epochs: int | None = None
    float_epochs: int | None = None

    def settings(self) -> Recipe:
        """Give the recipe."""
        recipe = with_method(RECIPES[self.recipe], self.method, self.bits)
        given = {
            "weight_bits": self.weight_bits,
            "first_last_bits": self.end_bits,
            "activation_bits": self.activation_bits,
            "width": self.width,
            "epochs": self.epochs,
            "float_epochs": self.float_epochs,
        }
        own = {key: value for key, value in given.items() if value is not None}
        return replace(recipe, layers=self.layers, **own)


MODELS: dict[str, Model] = {
    "digits": Model(  # of `make demo`
        recipe="digits", method="a2q_ip", bits=7, weight_bits=2, end_bits=2, activation_bits=2
    ),
    "digits wider": Model(
        recipe="digits",
        method="a2q_ip",
        bits=7,
        layers="dense0=8",
        weight_bits=2,
        end_bits=2,
        activation_bits=2,
    ),
    "digits qat": Model(
        recipe="digits", method="qat", weight_bits=2, end_bits=2, activation_bits=2
    ),
    "fashion_mnist": Model(
        recipe="fashion_mnist", method="a2q_ip", bits=7, layers="dense0=12,dense3=12"
    ),
    "fashion_mnist hidden": Model(recipe="fashion_mnist", method="a2q_ip", bits=7),
    "fashion_mnist qat": Model(recipe="fashion_mnist", method="qat"),
    "fashion_mnist qat W4": Model(recipe="fashion_mnist", method="qat", end_bits=4),
    "nsl_kdd": Model(recipe="nsl_kdd", method="a2q_ip", bits=8, layers="dense0=13,dense2=10"),
    "nsl_kdd qat": Model(recipe="nsl_kdd", method="qat"),
    "digits_cnn": Model(recipe="digits_cnn", method="a2q_ip", bits=8),
    "digits_cnn qat": Model(recipe="digits_cnn", method="qat"),
    "spoken_digits_cnn": Model(
        recipe="spoken_digits_cnn", method="a2q_ip", bits=8, width=0.25, epochs=6, float_epochs=6
    ),
    "spoken_digits_cnn qat": Model(
        recipe="spoken_digits_cnn", method="qat", width=0.25, epochs=6, float_epochs=6
    ),
    "cifar10_cnn": Model(recipe="cifar10_cnn", method="a2q_ip", bits=10),
    "cifar10_cnn qat": Model(recipe="cifar10_cnn", method="qat"),
}

P_OF_FOUR: dict[RecipeName, tuple[int, ...]] = {  # bits of accumulators, by net of the papers
    "espcn": (12, 10, 8),
    "unet": (12, 10, 8),
    "mobilenet_v1": (12, 10, 9, 8),
    "resnet18": (14, 12, 10, 8),
}
METHODS: dict[Method, int] = {"a2q_ip": 8, "a2q_plus": 10, "a2q": 12}  # least P of each
WIDTHS: dict[RecipeName, float] = {"espcn": 1.0}  # of those that are not a recipe's
ENDS: dict[RecipeName, tuple[str, str]] = {  # first and last layer
    "espcn": ("features.0.conv", "last"),
    "unet": ("stem.conv", "last"),
    "mobilenet_v1": ("stem.conv", "classifier"),
    "resnet18": ("stem.conv", "classifier"),
}
P_WITH_ENDS: dict[RecipeName, tuple[tuple[int, int], ...]] = {  # bits of hidden layers, of ends
    "espcn": ((10, 14), (9, 14), (8, 14)),
    "unet": ((8, 14), (7, 14)),
    "mobilenet_v1": ((10, 14), (9, 14)),
    "resnet18": ((10, 14), (9, 14)),
}


def _of_four(net: RecipeName) -> dict[str, Model]:
    """Give how a net of the papers is trained, by what its rows are called."""
    width = WIDTHS.get(net)
    found = {"qat": Model(recipe=net, method="qat", width=width)}
    for method, least in METHODS.items():
        for bits in P_OF_FOUR[net]:
            if bits >= least:
                model = Model(recipe=net, method=method, bits=bits, width=width)
                found[f"{method} {bits}"] = model
    for bits, of_ends in P_WITH_ENDS[net]:
        layers = ",".join(f"{layer}={of_ends}" for layer in ENDS[net])
        model = Model(recipe=net, method="a2q_ip", bits=bits, layers=layers, width=width)
        found[f"a2q_ip {bits} ends {of_ends}"] = model
    return found


FOUR = {net: _of_four(net) for net in P_OF_FOUR}
MODELS |= {f"{net} {how}": model for net, found in FOUR.items() for how, model in found.items()}
MODELS["mobilenet_v1"] = MODELS["mobilenet_v1 a2q_ip 9"]


def trained(name: str, folder: Path, data: Path | None, report: Report) -> Graph:
    """Give a net, trained if `folder` does not hold it yet."""
    path = folder / f"{name.replace(' ', '_')}.pt"
    if not path.is_file():
        torch.set_num_threads(1)
        settings = MODELS[name].settings()
        dataset = load_data(settings, data)
        start = _float_net(settings, dataset, folder / "floats", report)
        graph, _ = train_quantized(settings, dataset, start, report)
        save_model(graph, path)
    return load(path)


def _float_net(settings: Recipe, dataset: TrainingData, folder: Path, report: Report) -> nn.Module:
    """Give the float net that the quantized ones of a recipe start from: a sweep's, or new."""
    folder.mkdir(parents=True, exist_ok=True)
    own, swept = FloatStore(folder=folder), FloatStore(folder=SWEPT / f"{settings.name}.floats")
    recipe = float_recipe(settings)
    found = own.read(recipe) or swept.read(recipe)
    if found is None:
        stream = io.BytesIO()
        torch.save(train_float(recipe, dataset, report).state_dict(), stream)
        found = stream.getvalue()
        own.write(recipe, found)
    net = float_net(recipe, dataset).eval()
    net.load_state_dict(torch.load(io.BytesIO(found), weights_only=True))
    return net
