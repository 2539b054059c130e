"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    "xc7": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (24.0, 0.700),
        "ParallelArgmax": (3.0, 0.785),
        "FoldedDense": (32.2, 0.917),
        "SerialThreshold": (9.7, 0.944),
        "SerialArgmax": (10.5, 0.774),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (0.0, 2.043),
        "Widener": (6.0, 1.133),
    },
    "ice40": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 0.741),
        "ParallelArgmax": (3.0, 1.194),
        "FoldedDense": (38.4, 1.124),
        "SerialThreshold": (8.1, 1.137),
        "SerialArgmax": (24.6, 0.702),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.083),
        "Narrower": (1.0, 1.001),
        "Widener": (6.0, 1.500),
    },
    "ecp5": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 0.975),
        "ParallelArgmax": (3.0, 1.319),
        "FoldedDense": (33.2, 1.104),
        "SerialThreshold": (14.3, 1.048),
        "SerialArgmax": (37.6, 0.532),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (0.0, 2.390),
        "Widener": (6.0, 1.367),
    },
}
