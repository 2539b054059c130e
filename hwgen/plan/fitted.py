"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    "xc7": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (11.1, 0.900),
        "ParallelArgmax": (3.0, 0.785),
        "FoldedDense": (32.2, 0.917),
        "SerialThreshold": (3.3, 1.066),
        "SerialArgmax": (0.0, 1.295),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (0.0, 2.000),
        "Widener": (6.0, 0.800),
    },
    "ice40": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (19.7, 0.585),
        "ParallelArgmax": (3.0, 1.208),
        "FoldedDense": (38.4, 1.124),
        "SerialThreshold": (6.9, 1.303),
        "SerialArgmax": (22.6, 0.997),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (0.0, 0.900),
        "Widener": (6.0, 0.900),
    },
    "ecp5": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (11.8, 0.724),
        "ParallelArgmax": (3.0, 1.354),
        "FoldedDense": (33.2, 1.104),
        "SerialThreshold": (14.9, 0.910),
        "SerialArgmax": (26.2, 1.655),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (0.0, 2.450),
        "Widener": (6.0, 1.000),
    },
}
