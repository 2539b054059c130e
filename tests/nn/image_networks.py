"""A small network with every operation on images, and the comparison of all its codes."""

import numpy as np
import torch
from torch import nn

from hwgen import reference
from hwgen.nn import (
    Concat,
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    QuantOutput,
    WeightQuant,
    export_graph,
)

SHAPE = (3, 12, 12)


class EveryOperation(nn.Module):
    """Stem, pooling, depthwise, a residual addition, a concatenation, both enlargements."""

    def __init__(self, method="a2q_ip", depthwise="a2q", bits=7, signed=False):
        super().__init__()
        hidden = weight_quant(method, bits)
        self.pixels = QuantInput(8, scale=1 / 255)
        self.stem = QuantConv2d(3, 8, 3, quant=WeightQuant(bits=8), source=self.pixels, padding=1)
        self.stem_norm = nn.BatchNorm2d(8)
        self.stem_act = QuantActivation(3, signed, calibration_steps=2)
        self.pool = nn.MaxPool2d(2)
        self.depthwise = QuantConv2d(
            8, 8, (3, 2), quant=weight_quant(depthwise, bits), source=self.stem_act,
            stride=(1, 2), padding=(1, 1), groups=8,
        )  # fmt: skip
        self.depthwise_norm = nn.BatchNorm2d(8)
        self.shared = QuantActivation(3, signed, calibration_steps=2)
        self.grouped = QuantConv2d(
            8, 8, 3, quant=hidden, source=self.shared, padding=1, groups=2, bias=True
        )
        self.grouped_norm = nn.BatchNorm2d(8)
        self.add = QuantAdd(source=self.shared)
        self.add_act = QuantActivation(4, signed, calibration_steps=2)
        self.again = QuantActivation(3, signed, calibration_steps=2)
        self.join = Concat()
        self.shuffle = nn.PixelShuffle(2)
        self.up = nn.Upsample(scale_factor=3, mode="nearest")
        self.average = QuantAvgPool2d((6, 4), 6, source=self.again)
        self.average_act = QuantActivation(8, signed, calibration_steps=2)
        self.flatten = nn.Flatten()
        last = WeightQuant(bits=8, scale="tensor")
        self.head = QuantLinear(4 * 6 * 4, 5, quant=last, source=self.average_act, bias=True)

    def forward(self, x):
        x = self.pool(self.stem_act(self.stem_norm(self.stem(self.pixels(x)))))
        x = self.shared(self.depthwise_norm(self.depthwise(x)))
        x = self.add(self.shared(self.grouped_norm(self.grouped(x))), x)
        x = self.again(self.add_act(x))
        x = self.up(self.shuffle(self.join(x, x)))
        return self.head(self.flatten(self.average_act(self.average(x))))


def weight_quant(method, bits):
    return WeightQuant(method=method, bits=4, accumulator_bits=None if method == "qat" else bits)


def trained(net, shape=SHAPE, seed=0):
    """Initial weights, norms with gains of both signs, calibrated activations."""
    torch.manual_seed(seed)
    for norm in net.modules():
        if isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)):
            norm.momentum = None  # the plain mean of the batches
            norm.weight.data.normal_(0.5, 1)
            norm.weight.data[0] = 0.0  # a constant channel
            norm.bias.data.normal_(0.3, 0.5)
    for _ in range(3):
        net(torch.rand(16, *shape))
    return net.eval()


def random_pixels(samples, shape=SHAPE, seed=1):
    x = np.random.default_rng(seed).integers(0, 256, (samples, *shape))
    x[0], x[1] = 0, 255
    return x


def count_codes(net, graph, x):
    """Codes of every quantizer call compared with the float64 model: (equal, different)."""
    exact = net.double().eval()
    values = reference.run(graph, x)
    calls, found = {}, {}

    def keep(name):
        def hook(module, inputs, output):
            calls[name] = calls.get(name, 0) + 1
            node = name.replace(".", "_") + ("" if calls[name] == 1 else f"_{calls[name]}")
            found[node] = torch.round(output / module.scale).long().numpy()

        return hook

    quantizers = (QuantActivation, QuantOutput)
    hooks = [
        module.register_forward_hook(keep(name))
        for name, module in exact.named_modules()
        if isinstance(module, quantizers)
    ]
    pixels = next(m for m in exact.modules() if isinstance(m, QuantInput))
    with torch.no_grad():
        result = exact(torch.from_numpy(x).double() * pixels.fixed_scale)
    for hook in hooks:
        hook.remove()
    if "argmax" in values:
        found["argmax"] = result.numpy().argmax(1)[:, None]  # the lowest index among equals
    thresholds = {node.name for node in graph.nodes if type(node).__name__ == "Threshold"}
    assert thresholds == found.keys() - {"argmax"}
    equal = sum(int((values[name] == codes).sum()) for name, codes in found.items())
    return equal, sum(codes.size for codes in found.values()) - equal


def export(net, shape=SHAPE, **samples):
    return export_graph(net, name="net", input_shape=shape, **samples)
