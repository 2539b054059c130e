"""Builds the network of a recipe, in floats and quantized."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from hwgen.errors import HwgenError
from hwgen.nn import QuantInput
from training.data.dataset import Dataset, ImagePairs, TrainingData
from training.layer_choice import WIDE, choose_layers
from training.nets.bits import NetBits
from training.nets.espcn import Espcn
from training.nets.float_twin import float_twin
from training.nets.mlp import float_mlp, quant_mlp
from training.nets.mobilenet_v1 import MobileNetV1
from training.nets.resnet18 import ResNet18
from training.nets.small_cnn import SmallCnn
from training.nets.unet import UNet
from training.recipe import Recipe


def quant_net(recipe: Recipe, dataset: TrainingData, calibration_steps: int) -> nn.Module:
    """The network that is trained to become hardware.

    Raises
    ------
    HwgenError
        Where an accumulator of a layer leaves no room for a weight, `layers` names none, or the
        sign of one logit cannot tell the classes.
    """
    _check_result(recipe, dataset)
    net = _quant_net(recipe, dataset, calibration_steps)
    choose_layers(net, recipe.layers, recipe.accumulator_bits, recipe.units, recipe.name)
    return net


def _check_result(recipe: Recipe, dataset: TrainingData) -> None:
    two_classes = isinstance(dataset, Dataset) and dataset.classes == 2
    if recipe.result == "sign" and not (recipe.network == "mlp" and two_classes):
        raise HwgenError(
            f"{recipe.name}: result must be argmax where there are not two classes, not sign; "
            "leave it out"
        )


def float_net(recipe: Recipe, dataset: TrainingData) -> nn.Module:
    """The same network without quantizers."""
    if recipe.network == "mlp":
        return float_mlp(recipe, _labelled(dataset))
    return float_twin(_quant_net(recipe, dataset, 1))


def _quant_net(recipe: Recipe, dataset: TrainingData, calibration_steps: int) -> nn.Module:
    """Build the network with wide accumulators and no units; `choose_layers` narrows them."""
    if recipe.method != "qat":
        recipe = replace(recipe, accumulator_bits=WIDE)
    bits = NetBits(
        method=recipe.method,
        weight_bits=recipe.weight_bits,
        activation_bits=recipe.activation_bits,
        accumulator_bits=recipe.accumulator_bits,
        end_bits=recipe.first_last_bits,
        backward=recipe.backward,
        calibration_steps=calibration_steps,
    )
    match recipe.network:
        case "mlp":
            return quant_mlp(recipe, _labelled(dataset), calibration_steps)
        case "small_cnn":
            return _small_cnn(recipe, _labelled(dataset), bits)
        case "resnet18":
            return ResNet18(bits, width=recipe.width, classes=_labelled(dataset).classes)
        case "mobilenet_v1":
            return MobileNetV1(bits, width=recipe.width, classes=_labelled(dataset).classes)
        case "espcn":
            return Espcn(bits, width=recipe.width, factor=_pairs(dataset).factor)
        case "unet":
            return UNet(bits, width=recipe.width, factor=_pairs(dataset).factor)


def _small_cnn(recipe: Recipe, dataset: Dataset, bits: NetBits) -> SmallCnn:
    channels, height, width = dataset.shape
    kind = dataset.type
    return SmallCnn(
        bits,
        width=recipe.width,
        channels=channels,
        size=(height, width),
        classes=dataset.classes,
        pixels=QuantInput(kind.bits, kind.signed, dataset.scale),
    )


def _labelled(dataset: TrainingData) -> Dataset:
    assert isinstance(dataset, Dataset)
    return dataset


def _pairs(dataset: TrainingData) -> ImagePairs:
    assert isinstance(dataset, ImagePairs)
    return dataset
