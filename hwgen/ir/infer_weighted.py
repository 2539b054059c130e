"""The checks of operations with weights, whose sums must fit the accumulators they declare."""

from __future__ import annotations

from hwgen.ir.accumulator import MAX_ACCUMULATOR_BITS
from hwgen.ir.ops import Tensor
from hwgen.ir.padding import padded_size, windows_of
from hwgen.ir.weighted import Conv2d, Dense, Weighted
from hwgen.numeric import Range, signed_bits


def infer_weighted(node: Weighted, source: Tensor) -> Tensor | list[str]:
    """Give the tensor that the node makes of `source`, or what is wrong with it."""
    kind = (
        "a matrix (out_features, in_features)"
        if isinstance(node, Dense)
        else "(out_channels, in_channels / groups, kh, kw)"
    )
    if node.weight.ndim != (2 if isinstance(node, Dense) else 4) or 0 in node.weight.shape:
        return [f"weight must be {kind}, not {node.weight.shape}"]
    shape = _dense_shape(node, source) if isinstance(node, Dense) else _conv_shape(node, source)
    problems = shape if isinstance(shape, list) else []
    problems += _value_problems(node, source)
    if isinstance(shape, list) or problems:
        return problems
    totals = node.totals(source.range)
    for row, (total, accumulator) in enumerate(zip(totals, node.accumulators, strict=True)):
        problem = accumulator.problem(total, node.divisor(row))
        if problem:
            problems.append(f"channel {row}: {problem}")
        problem = accumulator.units_problem(node.rows[row])
        if problem:
            problems.append(f"channel {row}: {problem}")
        if total.signed_bits > MAX_ACCUMULATOR_BITS:
            problems.append(f"channel {row}: sums must fit {MAX_ACCUMULATOR_BITS} bits")
    whole = Range(min(t.lo for t in totals), max(t.hi for t in totals))
    return problems or Tensor(shape, whole)


def _dense_shape(node: Dense, source: Tensor) -> tuple[int, ...] | list[str]:
    if len(source.shape) != 1:
        return [f"input must have one axis, not shape {source.shape}; flatten it"]
    if source.shape != (node.weight.shape[1],):
        return [f"in_features must be {source.shape}, not ({node.weight.shape[1]},)"]
    return (node.weight.shape[0],)


def _conv_shape(node: Conv2d, source: Tensor) -> tuple[int, ...] | list[str]:
    if len(source.shape) != 3:
        return [f"input must be an image (channels, height, width), not {source.shape}"]
    out_channels, group_channels, *kernel = node.weight.shape
    channels, *image = source.shape
    if min(node.stride) < 1:
        return [f"stride must be at least 1, not {node.stride}"]
    if min(node.padding) < 0:
        return [f"padding must not be negative, not {node.padding}"]
    if node.groups < 1 or out_channels % node.groups:
        return [f"groups must divide out_channels = {out_channels}, not {node.groups}"]
    if group_channels * node.groups != channels:
        return [f"in_channels must be {channels}, not {group_channels * node.groups}"]
    padded = padded_size((image[0], image[1]), node.padding)
    if any(size > room for size, room in zip(kernel, padded, strict=True)):
        return [f"kernel must fit the padded image {padded}, not {tuple(kernel)}"]
    limits, value = source.range, node.padding_value
    if value and not limits.lo <= value <= limits.hi:
        return [f"padding_value must be a code, {limits.lo} to {limits.hi}, not {value}"]
    shape = (image[0], image[1]), (kernel[0], kernel[1])
    return (out_channels, *windows_of(*shape, node.stride, node.padding))


def _value_problems(node: Weighted, source: Tensor) -> list[str]:
    """List what is wrong before any sum is looked at."""
    problems, channels = [], len(node.weight)
    smallest, largest = int(node.weight.min()), int(node.weight.max())
    if not source.range.lo <= 0 <= source.range.hi:
        problems.append("the input's range must contain 0, or partial sums are not bounded")
    if not 1 <= node.weight_bits <= MAX_ACCUMULATOR_BITS:
        problems.append(f"weight_bits must be 1 to {MAX_ACCUMULATOR_BITS}, not {node.weight_bits}")
    elif signed_bits(smallest, largest) > node.weight_bits:
        problems.append(
            f"weight must fit weight_bits = {node.weight_bits}, "
            f"not reach from {smallest} to {largest}"
        )
    if node.bias.shape != (channels,):
        problems.append(f"bias must have shape ({channels},), not {node.bias.shape}")
    if len(node.accumulators) != channels:
        problems.append(
            f"must have one accumulator a channel, {channels}, not {len(node.accumulators)}"
        )
    return problems
