"""One layer for two that no quantizer parts: the product of their matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwgen.frontend.onnx.tensors.walk import weight_bits
from hwgen.ir import Conv2d, Dense, Weighted
from hwgen.numeric import IntArray

MOST_WEIGHT = 1 << 31


def product_of(node: Weighted, inner: Weighted) -> Weighted | None:
    """Give one layer for two, the outer of which looks at one pixel; None where that is none."""
    if isinstance(node, Dense) and isinstance(inner, Dense):
        weight, own = node.weight, inner.weight
    elif isinstance(node, Conv2d) and isinstance(inner, Conv2d):
        bare = node.groups == inner.groups == 1 and node.weight.shape[2:] == (1, 1)
        if not bare or any(node.padding) or node.stride != (1, 1):
            return None
        weight, own = node.weight[:, :, 0, 0], inner.rows
    else:
        return None
    most = float(np.abs(weight).max()) * float(np.abs(own).max()) * own.shape[0]
    if most >= MOST_WEIGHT:
        return None
    product = weight @ own
    return replace(
        inner,
        name=node.name,
        weight=product.reshape(len(product), *inner.weight.shape[1:]),
        weight_bits=weight_bits(product),
        bias=weight @ inner.bias + node.bias,
    )


def sorted_channels(node: Weighted) -> IntArray | None:
    """Give the channels that a layer gives as they are, in its order; None where it does more."""
    weight, whole = node.rows, node.weight
    if isinstance(node, Conv2d) and (
        whole.shape[2:] != (1, 1) or node.groups != 1 or node.stride != (1, 1) or any(node.padding)
    ):
        return None
    if node.bias.any() or not ((weight == 0) | (weight == 1)).all():
        return None
    return weight.argmax(axis=1) if (weight.sum(axis=1) == 1).all() else None


def reading_directly(node: Weighted, source: Weighted) -> Weighted | None:
    """Give a layer that reads what its source chose channels from; None where that did more."""
    order = sorted_channels(source)
    if order is None or (isinstance(node, Conv2d) and node.groups != 1):
        return None
    if isinstance(node, Dense) != isinstance(source, Dense):
        return None
    shape = (len(node.weight), source.weight.shape[1], *node.weight.shape[2:])
    weight = np.zeros(shape, np.int64)
    for place, channel in enumerate(order):
        weight[:, channel] += node.weight[:, place]
    return replace(node, inputs=source.inputs, weight=weight, weight_bits=weight_bits(weight))
