"""Loops compiled by numba that stand for chains of torch operations on dense tensors of a CPU.

Such a chain is mostly passes over memory; a loop reads a row once, while it stays in the first
cache. Element by element it does the operations of the torch formula in the same order, so that
integers are equal to the last bit; sums of gradients differ by rounding. The formulas stay for
other devices and for torch.compile, which fuses them itself.

Rows are independent, so that the threads that torch may use share them; every row, and every block
of activations, is still summed in one order.

`reassoc` lets LLVM vectorize a sum. It stands only where a loop adds real gradients, or whole
numbers so small that the order cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any

import numba
import numpy as np
import torch
from numba import prange
from torch import Tensor

from hwgen.compiled import Loop
from hwgen.compiled import compiled as compiled_alone

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
RESIDUAL = np.float32(65534)  # units of a residual in a step: -0.5 to 0.5 is -32767 to 32767
OUTSIDE = np.int16(-32768)
LN2 = float(np.log(2))
BLOCK = 4096  # of a sum in float32; the blocks are summed in float64


def fit(*tensors: Tensor) -> bool:
    """Tell whether loops can run on the tensors: all on a CPU, of one type, and dense."""
    if torch.compiler.is_compiling():
        return False
    kind = tensors[0].dtype
    return kind in (torch.float32, torch.float64) and all(
        tensor.device.type == "cpu" and tensor.dtype == kind and tensor.is_contiguous()
        for tensor in tensors
    )


def arrays(*tensors: Tensor) -> list[Any]:
    """Give the memory of tensors as NumPy arrays."""
    return [tensor.detach().numpy() for tensor in tensors]


# numba's own thread pool ends the process where two threads of Python enter it, OpenMP's does not
HAS_OPENMP = find_spec("numba.np.ufunc.omppool") is not None


def compiled(*fastmath: str, parallel: bool = False) -> Callable[[Loop], Loop]:
    """Compile a loop; a `parallel` one runs on as many threads as torch's.

    Its `prange` says what is independent.
    """
    shared = parallel and HAS_OPENMP

    def decorate(function: Loop) -> Loop:
        loop = compiled_alone(*fastmath, parallel=shared)(function)
        return _on_torch_threads(loop) if shared else loop

    return decorate


def _on_torch_threads(loop: Loop) -> Loop:
    most = numba.get_num_threads()

    @wraps(loop)
    def call(*arguments: Any) -> Any:
        numba.set_num_threads(min(torch.get_num_threads(), most))
        return loop(*arguments)

    return call


@compiled()
def clip(x: Any, lo: Any, hi: Any) -> Any:
    """Clip to [lo, hi], and keep what is not a number."""
    x = lo if x < lo else x
    return hi if x > hi else x


@compiled(parallel=True)
def round_rows(x: Any, scale: Any, lo: Any, hi: Any, values: Any) -> None:
    """Round rows, shape (rows, K), to multiples of their scale, (rows, 1) or (1, 1)."""
    least, most = x.dtype.type(lo), x.dtype.type(hi)
    for row in prange(len(x)):
        step = scale[row % len(scale), 0]
        for i in range(x.shape[1]):
            values[row, i] = clip(np.floor(x[row, i] / step + HALF), least, most) * step


@compiled("reassoc", parallel=True)
def round_rows_backward(
    grad: Any, x: Any, values: Any, scale: Any, lo: Any, hi: Any, of_x: Any, of_scale: Any
) -> None:
    """Pass the gradient where the rounding does not clip; give `s * dLoss/ds`, shape (rows, 1)."""
    least, most = x.dtype.type(lo), x.dtype.type(hi)
    for row in prange(len(x)):
        step, total = scale[row % len(scale), 0], ZERO
        for i in range(x.shape[1]):
            code = np.floor(x[row, i] / step + HALF)
            passed = grad[row, i] if (code >= least) & (code <= most) else ZERO
            total += grad[row, i] * values[row, i] - passed * x[row, i]
            of_x[row, i] = passed
        of_scale[row, 0] = total


@compiled()
def excess_rows(log2_scale: Any, log2_norm: Any, cap: Any, of_scale: Any, of_norm: Any) -> Any:
    """Sum `max(g - s * T, 0)` with `g = 2**log2_norm`, `s = 2**log2_scale`, and its gradients."""
    total, of_scale[:] = 0.0, ZERO
    for row in range(len(log2_norm)):
        place = row % len(log2_scale)
        scale, norm = np.exp2(log2_scale[place, 0]), np.exp2(log2_norm[row, 0])
        over = norm - scale * cap
        of_norm[row, 0] = norm * LN2 if over > 0 else ZERO
        if over > 0:
            total += over
            of_scale[place, 0] -= scale * cap * LN2
    return total


@compiled(parallel=True)
def truncate_rows(x: Any, mean: Any, factor: Any, scale: Any, limit: Any, values: Any) -> None:
    """Round `(x - mean) * factor` towards zero, clip it to the limit, and scale it."""
    most = x.dtype.type(limit)
    for row in prange(len(x)):
        step, gain, middle = scale[row % len(scale), 0], factor[row, 0], mean[row, 0]
        for i in range(x.shape[1]):
            u = x[row, i] - middle
            size = clip(np.floor(abs(u * gain)), ZERO, most) * step
            values[row, i] = -size if u < ZERO else size


@compiled("reassoc", parallel=True)
def truncate_rows_backward(
    grad: Any,
    x: Any,
    mean: Any,
    values: Any,
    factor: Any,
    scale: Any,
    length: Any,
    wanted: Any,
    cap: Any,
    limit: Any,
    of_u: Any,
    of_norm: Any,
    of_scale: Any,
) -> None:
    """Do what `capped_norm` says; gradients of the logarithms are those of a row, (rows, 1)."""
    edge = x.dtype.type(limit + 1)
    for row in prange(len(x)):
        gain, total, along, middle = factor[row, 0], ZERO, ZERO, mean[row, 0]
        for i in range(x.shape[1]):
            u = x[row, i] - middle
            passed = grad[row, i] if abs(u * gain) < edge else ZERO
            of_u[row, i] = passed
            along += passed * u
            total += grad[row, i] * values[row, i]
        along /= length[row, 0]
        step, free = scale[row % len(scale), 0], wanted[row, 0] <= cap
        to_norm = along * wanted[row, 0] * step if free else ZERO
        of_norm[row, 0], of_scale[row, 0] = to_norm * LN2, (total - to_norm) * LN2
        gain *= step
        for i in range(x.shape[1]):
            u = x[row, i] - middle
            signed = along if u > ZERO else (-along if u < ZERO else ZERO)
            of_u[row, i] = (of_u[row, i] - signed) * gain


@compiled("reassoc", parallel=True)
def centre_rows(x: Any) -> None:
    """Take the mean of each row from it."""
    for row in prange(len(x)):
        total = ZERO
        for i in range(x.shape[1]):
            total += x[row, i]
        total /= x.dtype.type(x.shape[1])
        for i in range(x.shape[1]):
            x[row, i] -= total


@compiled()
def _round_block(x: Any, step: Any, least: Any, most: Any, values: Any, residuals: Any) -> None:
    for i in range(len(x)):
        real = x[i] / step
        code = np.floor(real + HALF)
        values[i] = clip(code, least, most) * step
        off = np.floor((real - code) * RESIDUAL + HALF)
        residuals[i] = np.int16(off if (code >= least) & (code <= most) else OUTSIDE)


@compiled(parallel=True)
def round_activations(x: Any, scale: Any, lo: Any, hi: Any, values: Any, residuals: Any) -> None:
    """Round `x`, shape (N,), and keep what was rounded off for the backward pass.

    It is kept in 16 bits, in 1 / 65534 of a step, and OUTSIDE where the rounding clips.
    """
    least, most, step = x.dtype.type(lo), x.dtype.type(hi), scale[0]
    for index in prange((len(x) + BLOCK - 1) // BLOCK):
        block = slice(index * BLOCK, (index + 1) * BLOCK)
        _round_block(x[block], step, least, most, values[block], residuals[block])


@compiled("reassoc")
def _pass_rounded(grad: Any, values: Any, residuals: Any, unit: Any, of_x: Any) -> Any:
    total = ZERO
    for i in range(len(grad)):
        off = residuals[i]
        passed = ZERO if off == OUTSIDE else grad[i]
        of_x[i] = passed
        total += (grad[i] - passed) * values[i] - passed * (np.float32(off) * unit)
    return total


@compiled(parallel=True)
def round_activations_backward(
    grad: Any, values: Any, residuals: Any, scale: Any, of_x: Any
) -> float:
    """Pass the gradient where the rounding did not clip; give `s * dLoss/ds`."""
    unit = scale[0] / RESIDUAL
    totals = np.empty((len(grad) + BLOCK - 1) // BLOCK, np.float64)
    for index in prange(len(totals)):
        block = slice(index * BLOCK, (index + 1) * BLOCK)
        totals[index] = _pass_rounded(
            grad[block], values[block], residuals[block], unit, of_x[block]
        )
    total = 0.0
    for partial in totals:
        total += partial
    return total
