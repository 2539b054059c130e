"""Which element each output of a nearest-neighbour resize shows, axis by axis."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file import attributes
from hwgen.frontend.onnx.file.load import Node
from hwgen.numeric import IntArray

HALF = Fraction(1, 2)
MOST_SIZE = 1 << 13


def resized_axes(
    node: Node, shape: tuple[int, ...], given: Sequence[np.ndarray | None], opset: int
) -> list[IntArray]:
    """Give, for each axis, the places along it that are shown.

    Raises
    ------
    ModelError
        Where the mode is none that shows elements as they are.
    """
    mode = attributes.text(node, "mode", "nearest")
    if mode != "nearest":
        raise ModelError(f"mode must be nearest, not {mode}; export the model so")
    scales, sizes = _asked(node, given, opset)
    found = []
    for axis, size in enumerate(shape):
        if sizes is not None:
            wanted, scale = sizes[axis], Fraction(sizes[axis], max(size, 1))
        elif scales is not None:
            scale = scales[axis]
            wanted = floor(size * scale)
        else:
            raise ModelError("must have scales or sizes; export the model again")
        if not 1 <= wanted <= MOST_SIZE or scale <= 0:
            raise ModelError(f"sizes must be 1 to {MOST_SIZE}, not {wanted}; export it again")
        found.append(_places(node, size, wanted, scale, opset))
    return found


def _asked(
    node: Node, given: Sequence[np.ndarray | None], opset: int
) -> tuple[list[Fraction] | None, list[int] | None]:
    """Give the scales or the sizes that the node is told."""
    if node.op == "Upsample" and isinstance(node.attributes.get("scales"), list):
        listed = node.attributes["scales"]
        assert isinstance(listed, list)
        return [Fraction(float(scale)) for scale in listed], None
    first = 0 if node.op == "Upsample" or opset < 11 else 1  # in between is the region of interest
    scales = given[first] if first < len(given) else None
    sizes = given[first + 1] if first + 1 < len(given) else None
    if sizes is not None and sizes.size:
        return None, [int(size) for size in sizes.ravel()]
    if scales is not None and scales.size:
        return [Fraction(float(scale)) for scale in scales.ravel()], None
    return None, None


def _places(node: Node, size: int, wanted: int, scale: Fraction, opset: int) -> IntArray:
    old = node.op == "Upsample" or opset < 11
    coordinates = "asymmetric" if old else "half_pixel"
    coordinates = attributes.text(node, "coordinate_transformation_mode", coordinates)
    rounding = attributes.text(node, "nearest_mode", "floor" if old else "round_prefer_floor")
    places = []
    for i in range(wanted):
        match coordinates:
            case "asymmetric":
                x = i / scale
            case "half_pixel" | "half_pixel_symmetric":
                x = (i + HALF) / scale - HALF
            case "pytorch_half_pixel":
                x = (i + HALF) / scale - HALF if wanted > 1 else Fraction(0)
            case "align_corners":
                x = Fraction(i * (size - 1), wanted - 1) if wanted > 1 else Fraction(0)
            case _:
                raise ModelError(
                    f"coordinate_transformation_mode must be known, not {coordinates}; "
                    "use asymmetric"
                )
        match rounding:
            case "floor":
                place = floor(x)
            case "ceil":
                place = ceil(x)
            case "round_prefer_floor":
                place = ceil(x - HALF)
            case "round_prefer_ceil":
                place = floor(x + HALF)
            case _:
                raise ModelError(f"nearest_mode must be known, not {rounding}; use floor")
        places.append(min(max(place, 0), size - 1))
    return np.array(places, np.int64)
