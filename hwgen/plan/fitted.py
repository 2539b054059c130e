"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    "xc7": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (26.9, 0.671),
        "ParallelArgmax": (3.0, 0.785),
        "FoldedDense": (24.1, 0.964),
        "SerialThreshold": (18.1, 0.868),
        "SerialArgmax": (11.5, 0.730),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 0.917),
        "Narrower": (0.0, 2.043),
        "Widener": (6.0, 1.133),
    },
    "ice40": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 0.741),
        "ParallelArgmax": (3.0, 1.194),
        "FoldedDense": (41.2, 1.062),
        "SerialThreshold": (17.1, 0.956),
        "SerialArgmax": (19.3, 0.992),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (13.3, 0.975),
        "Narrower": (1.0, 1.000),
        "Widener": (6.0, 1.500),
    },
    "ecp5": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 0.975),
        "ParallelArgmax": (3.0, 1.319),
        "FoldedDense": (34.1, 1.083),
        "SerialThreshold": (11.5, 1.041),
        "SerialArgmax": (22.8, 1.363),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 0.979),
        "Narrower": (0.0, 2.390),
        "Widener": (6.0, 1.367),
    },
}
