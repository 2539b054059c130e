"""Networks whose estimates `bench/estimates.py` compares with Yosys, and how each is built.

A case is the arguments of `random_network` and a choice for every layer: PE and SIMD, or unrolled.
"""

from __future__ import annotations

UNROLLED = (0, 0)
FITTED_CASES = {
    "ternary, unrolled": (
        {"widths": (32, 24, 20, 10), "inputs": 4, "codes": 2, "weight_bits": 2, "density": 0.3},
        (UNROLLED, UNROLLED, UNROLLED),
    ),
    "4 bits, folded": (
        {"widths": (64, 48, 32, 10), "inputs": 4, "codes": 4, "weight_bits": 4, "density": 0.2},
        ((4, 1), (8, 1), (2, 1)),
    ),
    "2 bits, folded": (
        {"widths": (64, 64, 40, 10), "inputs": 2, "codes": 2, "weight_bits": 2, "density": 0.2},
        ((4, 2), (16, 1), (4, 1)),
    ),
    "mixed": (
        {"widths": (40, 30, 24, 10), "inputs": 4, "codes": 3, "weight_bits": 3, "density": 0.3},
        ((4, 1), UNROLLED, (2, 2)),
    ),
    "many multipliers": (
        {"widths": (48, 40, 10), "inputs": 6, "codes": 3, "weight_bits": 4, "density": 0.15},
        ((8, 4), (4, 2)),
    ),
}
NEW_CASES = {
    "3 bits, unrolled": (
        {"widths": (24, 20, 16, 6), "inputs": 3, "codes": 2, "weight_bits": 3, "density": 0.25},
        (UNROLLED, UNROLLED, UNROLLED),
    ),
    "3 bits, folded": (
        {"widths": (96, 40, 24, 12), "inputs": 4, "codes": 3, "weight_bits": 3, "density": 0.15},
        ((4, 2), (4, 1), (4, 1)),
    ),
    "5 bits, folded": (
        {"widths": (48, 64, 16), "inputs": 6, "codes": 4, "weight_bits": 5, "density": 0.1},
        ((8, 1), (2, 1)),
    ),
    "2 bits, mixed": (
        {"widths": (128, 32, 24, 10), "inputs": 2, "codes": 2, "weight_bits": 2, "density": 0.2},
        ((8, 2), UNROLLED, UNROLLED),
    ),
}
CASES = FITTED_CASES | NEW_CASES
NEW_SEED = 2  # of networks that no fit has seen
