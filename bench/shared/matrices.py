"""The public benchmark matrices: integer weights shaped like those of accumulator-aware layers.

A matrix is made from its seed alone, so that a name means the same everywhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# name: (seed, in_features, out_features, weight bits, density, input bits)
SUITE = {
    "s16_w4_d60_u4": (0, 16, 16, 4, 0.60, 4),
    "s64x32_w4_d40_u4": (1, 64, 32, 4, 0.40, 4),
    "s64_w4_d25_u4": (2, 64, 64, 4, 0.25, 4),
    "s64_w4_d25_u2": (3, 64, 64, 4, 0.25, 2),
    "s64_w2_d25_u2": (4, 64, 64, 2, 0.25, 2),
    "s128_w4_d06_u4": (5, 128, 128, 4, 0.06, 4),
    "s32_w8_d80_u8": (6, 32, 32, 8, 0.80, 8),
    "s256x64_w1_d03_u4": (7, 256, 64, 2, 0.03, 4),
}


def matrix(name: str) -> tuple[npt.NDArray[np.int64], int]:
    """Give the weights, (out_features, in_features), and the bits of the unsigned inputs."""
    seed, columns, rows, bits, density, input_bits = SUITE[name]
    rng = np.random.default_rng(seed)
    limit = 2 ** (bits - 1) - 1
    spread = max(2 ** (bits - 1) / 4, 0.6)
    weights = np.round(rng.laplace(0.0, spread, (columns, rows))).clip(-limit, limit)
    zero = weights == 0
    weights[zero] = np.where(rng.random(zero.sum()) < 0.5, -1, 1)
    kept = rng.random((columns, rows)) < density
    return (weights * kept).astype(np.int64).T, input_bits
