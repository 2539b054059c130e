"""Random networks of every module that hwgen knows, in random order, with what training leaves."""

import numpy as np
import torch
from torch import nn

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
)
from hwgen.nn.room import smallest_accumulator_bits

METHODS = ("qat", "a2q", "a2q_plus", "a2q_ip")


class Chain(nn.Module):
    """Modules in order, each reading results of earlier ones; 0 is the input."""

    def __init__(self):
        super().__init__()
        self.steps = nn.ModuleList()
        self.sources = []
        self.result = None

    def add(self, module, *sources):
        self.steps.append(module)
        self.sources.append(sources or (len(self.steps) - 1,))
        return len(self.steps)

    def forward(self, x):
        values = [x]
        for step, sources in zip(self.steps, self.sources, strict=True):
            values.append(step(*(values[source] for source in sources)))
        return values[-1]


class Builder:
    """Adds one random unit after the other; what it reads is the last value, which is codes."""

    def __init__(self, seed, shape):
        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.net, self.shape = Chain(), shape
        signed = self.chance(0.3)
        self.source = QuantInput(self.between(1 + signed, 8), signed, self.scale())
        if self.chance(0.1):
            self.source = QuantInput(1, scale=self.scale(), bipolar=True)
        self.last = self.net.add(self.source)

    def between(self, lo, hi):
        return int(self.random.integers(lo, hi, endpoint=True))

    def chance(self, share):
        return bool(self.random.random() < share)

    def scale(self):
        """A step as of pixels, or a power of two, where many sums lie on edges exactly."""
        return (
            2.0 ** -self.between(0, 6) if self.chance(0.5) else float(self.random.uniform(0.01, 1))
        )

    def activation(self):
        signed = self.chance(0.3)
        if self.chance(0.15):
            return QuantActivation(1, calibration_steps=2, bipolar=True)
        if self.chance(0.1):
            return QuantOutput(self.between(1 + signed, 8), signed, scale=self.scale())
        return QuantActivation(self.between(1 + signed, 6), signed, calibration_steps=2)

    def quant(self, scale="channel"):
        if self.chance(0.15):
            return WeightQuant(bits=1, scale=scale)
        method = METHODS[self.between(0, 3)]
        least = smallest_accumulator_bits(method, self.source.int_type)
        bits = None if method == "qat" else self.between(least, least + 6)
        return WeightQuant(
            method=method, bits=self.between(2, 8), accumulator_bits=bits, scale=scale
        )

    def finish(self, norm, act=None):
        """End sums in an activation, by way of a norm and of modules that do nothing."""
        channels = self.shape[0]
        for _ in range(self.between(0, 2)):
            self.last = self.net.add(norm(channels, affine=self.chance(0.8)), self.last)
        if self.chance(0.2):
            self.last = self.net.add(nn.Dropout(0.2), self.last)
        self.source = act or self.activation()
        self.last = self.net.add(self.source, self.last)

    def dense(self, act=None):
        out = self.between(1, 9)
        layer = QuantLinear(
            self.shape[0], out, quant=self.quant(), source=self.source, bias=self.chance(0.5)
        )
        self.last = self.net.add(layer, self.last)
        self.shape = (out,)
        self.finish(nn.BatchNorm1d, act)

    def again(self):
        """Codes to codes, or a module that does nothing."""
        if self.chance(0.5):
            self.last = self.net.add(nn.Identity(), self.last)
            return
        self.source = self.activation()
        self.last = self.net.add(self.source, self.last)

    def conv(self, *, same=False, act=None):
        channels, height, width = self.shape
        groups = 1 if same or channels % 2 else (1, 2, channels)[self.between(0, 2)]
        out = channels if same else groups * self.between(1, 6 // groups + 1)
        kernel = (
            (3, 3) if same else (self.between(1, min(3, height)), self.between(1, min(3, width)))
        )
        stride = (1, 1) if same else (self.between(1, 2), self.between(1, 2))
        padding = (1, 1) if same else (self.between(0, 1), self.between(0, 1))
        if self.source.zero_point:
            padding = (0, 0)
        layer = QuantConv2d(
            channels, out, kernel, quant=self.quant(), source=self.source, stride=stride,
            padding=padding, groups=groups, bias=self.chance(0.5),
        )  # fmt: skip
        self.last = self.net.add(layer, self.last)
        self.shape = (
            out,
            (height + 2 * padding[0] - kernel[0]) // stride[0] + 1,
            (width + 2 * padding[1] - kernel[1]) // stride[1] + 1,
        )
        self.finish(nn.BatchNorm2d, act)

    def join(self):
        """A branch that ends in the activation it began with, added or joined to where it began."""
        if not isinstance(self.source, QuantActivation):
            return self.again()
        if len(self.shape) == 3 and self.source.zero_point:
            return self.again()  # no convolution of bipolar values keeps the image's size
        start, shape, shared = self.last, self.shape, self.source
        self.conv(same=True, act=shared) if len(shape) == 3 else self.dense(act=shared)
        if self.shape == shape and self.chance(0.5):
            self.last = self.net.add(QuantAdd(source=shared), start, self.last)
            self.source = self.activation()
            self.last = self.net.add(self.source, self.last)
        else:
            self.last = self.net.add(Concat(), start, self.last)
            self.shape = (shape[0] + self.shape[0], *shape[1:])
        return None

    def move(self):
        """A pooling or an enlargement that fits the image."""
        channels, height, width = self.shape
        choice = self.between(0, 3)
        if choice == 0 and min(height, width) >= 2:
            self.last = self.net.add(nn.MaxPool2d(2, stride=self.between(1, 2)), self.last)
            stride = self.net.steps[-1].stride
            self.shape = (channels, (height - 2) // stride + 1, (width - 2) // stride + 1)
        elif choice == 1 and max(height, width) <= 6:
            self.last = self.net.add(nn.Upsample(scale_factor=2), self.last)
            self.shape = (channels, 2 * height, 2 * width)
        elif choice == 2 and channels % 4 == 0 and max(height, width) <= 6:
            self.last = self.net.add(nn.PixelShuffle(2), self.last)
            self.shape = (channels // 4, 2 * height, 2 * width)
        elif choice == 3 and min(height, width) >= 2:
            kernel = (2, self.between(1, 2))
            self.last = self.net.add(QuantAvgPool2d(kernel, 1, source=self.source), self.last)
            self.source = self.activation()
            self.last = self.net.add(self.source, self.last)
            self.shape = (channels, height - 1, width - kernel[1] + 1)

    def flatten(self):
        self.last = self.net.add(nn.Flatten(), self.last)
        self.shape = (int(np.prod(self.shape)),)

    def end(self):
        """Give classes, where one layer's sums are compared, sums, signs, or codes as they are."""
        codes = not isinstance(self.source, QuantInput)
        self.net.result = (None, "argmax", "sums", "sign")[self.between(1 - codes, 3)]
        if self.net.result is None:
            return
        compared = self.net.result == "argmax"
        quant = WeightQuant(bits=self.between(1, 8), scale="tensor" if compared else "channel")
        rows, bias = self.between(1 + compared, 6), self.chance(0.5)
        layer = QuantLinear(self.shape[0], rows, quant=quant, source=self.source, bias=bias)
        self.last = self.net.add(layer, self.last)
        if not compared and self.chance(0.5):
            self.last = self.net.add(nn.BatchNorm1d(rows), self.last)


def random_dense(seed):
    """Give a network on vectors, and its input's shape."""
    shape = (int(np.random.default_rng(seed).integers(1, 12)),)
    builder = Builder(seed, shape)
    units = (builder.dense, builder.dense, builder.again, builder.join)
    builder.dense()
    for _ in range(builder.between(0, 3)):
        units[builder.between(0, 3)]()
    builder.end()
    return settled(builder, shape), shape


def random_images(seed):
    """Give a network on images, and its input's shape."""
    shape = tuple(int(n) for n in np.random.default_rng(seed).integers([1, 3, 3], [5, 8, 8]))
    builder = Builder(seed, shape)
    units = (builder.conv, builder.conv, builder.again, builder.join, builder.move, builder.move)
    builder.conv()
    for _ in range(builder.between(1, 4)):
        units[builder.between(0, 5)]()
    if builder.chance(0.8):
        builder.flatten()
        if builder.chance(0.5):
            builder.dense()
        builder.end()
    elif isinstance(builder.source, QuantInput):
        builder.conv()
    return settled(builder, shape), shape


def settled(builder, shape):
    """Norms with gains of both signs and of zero, calibrated activations, some exact scales."""
    net = builder.net
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the plain mean of the batches
        if norm.affine:
            norm.weight.data.normal_()
            norm.weight.data[0] = 0.0 if builder.chance(0.5) else -1.0
            norm.bias.data.normal_()
    for _ in range(2):
        net(torch.from_numpy(integers(net, shape, 16)).float() * net.steps[0].fixed_scale)
    for name, parameter in net.named_parameters():
        if name.endswith("log2_scale") and builder.chance(0.3):
            parameter.data.round_()  # a power of two: many sums lie on edges exactly
    return net


def integers(net, shape, samples, seed=0):
    """Random integers of the input's type."""
    kind = net.steps[0].int_type
    random = np.random.default_rng(seed)
    return random.integers(kind.lo, kind.hi, (samples, *shape), endpoint=True)
