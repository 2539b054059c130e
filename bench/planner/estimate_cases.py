"""Networks whose estimates `bench/planner/estimates.py` compares with Yosys, and how each is built.

A case is the arguments of `random_network` and a choice for every layer: PE and SIMD, or unrolled.
Those of `FITTED_MAPS` and `NEW_MAPS` are arguments of `map_network`, and a price of a block RAM.
"""

from __future__ import annotations

from bench.shared.map_networks import Conv, Pool

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
_SPARSE = {"inputs": 4, "codes": 4, "weight_bits": 3, "density": 0.1}
CHEAP, DEAR = 10, 100_000  # LUTs a block RAM: taken wherever it can be, and nowhere
FITTED_MAPS = {
    "maps of 32x32": (
        {
            "shape": (3, 32, 32),
            "layers": (Conv(channels=8), Pool(), Conv(channels=12), Pool(kind="sum")),
            **_SPARSE,
        },
        DEAR,
    ),
    "maps of 24x20": (
        {
            "shape": (4, 24, 20),
            "layers": (
                Conv(channels=6, kernel=(5, 3), stride=(2, 1)),
                Conv(channels=6, depthwise=True),
                Pool(kernel=(3, 3), stride=(2, 2)),
                Conv(channels=8, kernel=(1, 1)),
                Pool(kind="sum", kernel=(5, 9)),
            ),
            "inputs": 2,
            "codes": 2,
            "weight_bits": 2,
            "density": 0.4,
        },
        DEAR,
    ),
    "maps of 40x72": (
        {
            "shape": (2, 40, 72),
            "layers": (
                Conv(channels=4, stride=(1, 2)),
                Conv(channels=4, kernel=(3, 5), stride=(2, 2)),
                Pool(kernel=(3, 2)),
            ),
            "inputs": 8,
            "codes": 3,
            "weight_bits": 4,
            "density": 0.4,
        },
        DEAR,
    ),
    "maps of 64x48 in block RAM": (
        {
            "shape": (3, 64, 48),
            "layers": (Conv(channels=8), Pool(), Conv(channels=8), Pool(kind="sum")),
            **_SPARSE,
        },
        CHEAP,
    ),
    "small maps": (
        {
            "shape": (6, 6, 5),
            "layers": (
                Conv(channels=10),
                Pool(),
                Conv(channels=10),
                Pool(kind="sum", kernel=(3, 2)),
            ),
            "inputs": 5,
            "codes": 5,
            "weight_bits": 3,
            "density": 0.2,
        },
        DEAR,
    ),
}
NEW_MAPS = {
    "maps of 28x28": (
        {
            "shape": (1, 28, 28),
            "layers": (
                Conv(channels=8),
                Pool(),
                Conv(channels=16),
                Pool(),
                Conv(channels=16),
                Pool(kind="sum", kernel=(7, 7)),
            ),
            **_SPARSE,
        },
        None,
    ),
    "maps of 48x30": (
        {
            "shape": (3, 48, 30),
            "layers": (
                Conv(channels=6, kernel=(3, 3), stride=(2, 2)),
                Conv(channels=6, kernel=(3, 3), depthwise=True),
                Conv(channels=10, kernel=(1, 1)),
                Pool(kernel=(3, 3), stride=(2, 2)),
            ),
            "inputs": 8,
            "codes": 3,
            "weight_bits": 4,
            "density": 0.3,
        },
        None,
    ),
}
CASES = FITTED_CASES | NEW_CASES
MAPS = FITTED_MAPS | NEW_MAPS
NEW_SEED = 2  # of networks that no fit has seen
