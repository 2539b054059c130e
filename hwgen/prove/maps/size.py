"""How much a proof over whole frames takes: the products of a frame."""

from __future__ import annotations

from math import prod

import numpy as np

from hwgen.ir import Conv2d, Dense, Flatten, SumPool2d
from hwgen.prove.maps.stream import entering
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.views import view_of, weights_of

MOST_PRODUCTS = 1 << 20  # an hour or less: docs/proof.md has figures


def frame_products(design: DesignFolder) -> int:
    """Count the nonzero weights of folded layers, each as often as it is used in a frame.

    Raises
    ------
    ModelError
        Where the network is no chain.
    """
    start, found = entering(design.graph), 0
    image, channels = start.image, len(start.channels)
    unrolled = {
        name
        for name, kind in zip(design.units, design.kinds, strict=True)
        if kind == "UnrolledDense"
    }
    for node in start.nodes:
        if isinstance(node, Flatten):
            image, channels = (1, 1), channels * prod(image)
            continue
        image = view_of(node, image).outputs
        if isinstance(node, Conv2d | Dense | SumPool2d):
            weight, _ = weights_of(node, channels)
            channels = len(weight)
            if f"{design.top}__{node.name}" not in unrolled:
                found += int(np.count_nonzero(weight)) * prod(image)
    return found
