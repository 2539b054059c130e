"""The multi-layer perceptron of the recipes, in floats and quantized, with equal module names."""

from __future__ import annotations

from torch import nn

from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant
from training.data.dataset import Dataset
from training.recipe import Recipe


def float_mlp(recipe: Recipe, dataset: Dataset) -> nn.Sequential:
    """The same network without quantizers: `dense`, `norm`, `act` for each layer, then `dense`."""
    sizes = layer_sizes(recipe, dataset)
    net = nn.Sequential()
    last = len(sizes) - 2
    for i in range(last):
        net.add_module(f"dense{i}", nn.Linear(sizes[i], sizes[i + 1], bias=False))
        net.add_module(f"norm{i}", nn.BatchNorm1d(sizes[i + 1]))
        net.add_module(f"act{i}", nn.ReLU())
        if recipe.dropout:
            net.add_module(f"drop{i}", nn.Dropout(recipe.dropout))
    net.add_module(f"dense{last}", nn.Linear(sizes[last], sizes[-1]))
    return net


def quant_mlp(recipe: Recipe, dataset: Dataset, calibration_steps: int) -> nn.Sequential:
    """The network that is trained to become hardware."""
    sizes = layer_sizes(recipe, dataset)
    last = len(sizes) - 2
    kind = dataset.type
    source: QuantInput | QuantActivation = QuantInput(kind.bits, kind.signed, dataset.scale)
    net = nn.Sequential()
    net.add_module("quant", source)
    for i in range(last):
        quant = weight_quant(recipe, i, last)
        dense = QuantLinear(sizes[i], sizes[i + 1], quant=quant, source=source)
        source = QuantActivation(recipe.activation_bits, calibration_steps=calibration_steps)
        net.add_module(f"dense{i}", dense)
        net.add_module(f"norm{i}", nn.BatchNorm1d(sizes[i + 1]))
        net.add_module(f"act{i}", source)
        if recipe.dropout:
            net.add_module(f"drop{i}", nn.Dropout(recipe.dropout))
    quant = weight_quant(recipe, last, last)
    bias = quant.accumulator_bits is None or quant.register == "offset"  # caps leave it no room
    net.add_module(
        f"dense{last}", QuantLinear(sizes[last], sizes[-1], quant=quant, source=source, bias=bias)
    )
    return net


def layer_sizes(recipe: Recipe, dataset: Dataset) -> tuple[int, ...]:
    """Inputs, neurons of the hidden layers, and outputs: one a class, or one whose sign tells."""
    outputs = 1 if recipe.result == "sign" else dataset.classes
    return (dataset.features, *recipe.widths, outputs)


def weight_quant(recipe: Recipe, index: int, last: int) -> WeightQuant:
    """Quantization of layer `index`; the two ends have their own bits, and may be left free."""
    end = index in (0, last)
    constrained = recipe.constrain == "all" or not end
    return WeightQuant(
        method=recipe.method if constrained else "qat",
        bits=recipe.first_last_bits if end else recipe.weight_bits,
        accumulator_bits=recipe.accumulator_bits if constrained else None,
        scale="tensor" if index == last else "channel",
        backward=recipe.backward,
    )
