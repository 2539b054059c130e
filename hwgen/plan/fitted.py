"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    "xc7": {
        "UnrolledDense": (0.0, 0.879),
        "ParallelThreshold": (11.1, 0.900),
        "ParallelArgmax": (3.0, 0.785),
        "FoldedDense": (44.0, 1.230),
        "SerialThreshold": (10.0, 0.794),
        "SerialArgmax": (20.0, 0.292),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (3.0, 1.000),
        "Widener": (3.0, 1.000),
    },
    "ice40": {
        "UnrolledDense": (2.0, 1.022),
        "ParallelThreshold": (19.7, 0.585),
        "ParallelArgmax": (3.0, 1.208),
        "FoldedDense": (41.7, 1.737),
        "SerialThreshold": (8.8, 0.962),
        "SerialArgmax": (20.0, 1.021),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (3.0, 1.000),
        "Widener": (3.0, 1.000),
    },
    "ecp5": {
        "UnrolledDense": (0.0, 0.980),
        "ParallelThreshold": (11.8, 0.724),
        "ParallelArgmax": (3.0, 1.354),
        "FoldedDense": (40.4, 1.728),
        "SerialThreshold": (6.7, 0.915),
        "SerialArgmax": (20.0, 1.604),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "Fifo": (12.0, 1.000),
        "Narrower": (3.0, 1.000),
        "Widener": (3.0, 1.000),
    },
}
