"""Builds the network of a recipe, in floats and quantized."""

from __future__ import annotations

from torch import nn

from hwgen.nn import QuantInput
from training.data.dataset import Dataset
from training.nets.bits import NetBits
from training.nets.float_twin import float_twin
from training.nets.mlp import float_mlp, quant_mlp
from training.nets.small_cnn import SmallCnn
from training.recipes import Recipe


def quant_net(recipe: Recipe, dataset: Dataset, calibration_steps: int) -> nn.Module:
    """The network that is trained to become hardware."""
    match recipe.network:
        case "mlp":
            return quant_mlp(recipe, dataset, calibration_steps)
        case "small_cnn":
            return _small_cnn(recipe, dataset, calibration_steps)


def float_net(recipe: Recipe, dataset: Dataset) -> nn.Module:
    """The same network without quantizers."""
    match recipe.network:
        case "mlp":
            return float_mlp(recipe, dataset)
        case "small_cnn":
            return float_twin(_small_cnn(recipe, dataset, 1))


def _small_cnn(recipe: Recipe, dataset: Dataset, calibration_steps: int) -> SmallCnn:
    channels, size, _ = dataset.shape
    kind = dataset.type
    bits = NetBits(
        method=recipe.method,
        weight_bits=recipe.weight_bits,
        activation_bits=recipe.activation_bits,
        accumulator_bits=recipe.accumulator_bits,
        end_bits=recipe.first_last_bits,
        backward=recipe.backward,
        calibration_steps=calibration_steps,
    )
    return SmallCnn(
        bits,
        width=recipe.width,
        channels=channels,
        size=size,
        classes=dataset.classes,
        pixels=QuantInput(kind.bits, kind.signed, dataset.scale),
    )
