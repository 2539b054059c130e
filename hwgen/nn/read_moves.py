"""Reads the modules that move codes about without changing what they mean."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from hwgen.ir import Flatten, MaxPool2d, Op, PixelShuffle, UpsampleNearest
from hwgen.nn.walk import Codes, Value, Walk

Move = nn.MaxPool2d | nn.Upsample | nn.PixelShuffle | nn.Flatten
MOVES = (nn.MaxPool2d, nn.Upsample, nn.PixelShuffle, nn.Flatten)


def read_move(walk: Walk, module: Move, path: str, value: Value) -> Codes:
    """Read a pooling, an enlargement or a flattening; its result has the same quantizer."""
    if not isinstance(value, Codes):
        raise walk.refusal(path, "must follow a QuantInput or a QuantActivation")
    name, inputs = walk.new_name(path), (value.node,)
    node: Op
    if isinstance(module, nn.MaxPool2d):
        node = _max_pool(walk, module, path, name, inputs)
    elif isinstance(module, nn.Upsample):
        factor = _upsample_factor(walk, module, path)
        node = UpsampleNearest(name=name, inputs=inputs, factor=factor)
    elif isinstance(module, nn.PixelShuffle):
        node = PixelShuffle(name=name, inputs=inputs, factor=module.upscale_factor)
    else:
        if (module.start_dim, module.end_dim) != (1, -1):
            raise walk.refusal(path, "must flatten all axes but the first; use nn.Flatten()")
        node = Flatten(name=name, inputs=inputs)
    return replace(value, node=walk.append(node))


def _max_pool(
    walk: Walk, module: nn.MaxPool2d, path: str, name: str, inputs: tuple[str, ...]
) -> MaxPool2d:
    plain = pair(module.padding) == (0, 0) and pair(module.dilation) == (1, 1)
    if not plain or module.ceil_mode or module.return_indices:
        raise walk.refusal(
            path, "must have kernel_size and stride only, no padding, dilation or ceil_mode"
        )
    return MaxPool2d(
        name=name,
        inputs=inputs,
        kernel_size=pair(module.kernel_size),
        stride=pair(module.stride),
    )


def _upsample_factor(walk: Walk, module: nn.Upsample, path: str) -> int:
    factor = module.scale_factor
    if module.mode != "nearest" or not isinstance(factor, float) or not factor.is_integer():
        raise walk.refusal(
            path,
            "must repeat whole pixels; use nn.Upsample(scale_factor=2) with a whole number, in the "
            "mode nearest",
        )
    return int(factor)


def pair(size: int | tuple[int, ...] | str) -> tuple[int, int]:
    """Give (vertical, horizontal) of a size as torch takes it."""
    if isinstance(size, int):
        return size, size
    assert not isinstance(size, str)
    return int(size[0]), int(size[-1])  # torch takes one number in a tuple for both
