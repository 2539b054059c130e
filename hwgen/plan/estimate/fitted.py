"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/planner/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    "xc7": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 1.000),
        "ParallelArgmax": (3.0, 0.785),
        "FoldedDense": (2.8, 0.980),
        "SerialThreshold": (5.0, 0.932),
        "SerialArgmax": (11.5, 0.728),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "WindowBuffer": (0.0, 1.024),
        "RunningPool": (0.0, 0.860),
        "Enlarger": (0.0, 1.0),
        "WindowMax": (0.0, 0.922),
        "Fifo": (12.0, 0.917),
        "Narrower": (3.0, 1.000),
        "Widener": (6.0, 1.133),
    },
    "ice40": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 1.000),
        "ParallelArgmax": (3.0, 1.194),
        "FoldedDense": (29.4, 0.995),
        "SerialThreshold": (31.8, 0.882),
        "SerialArgmax": (18.6, 1.019),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "WindowBuffer": (0.3, 0.991),
        "RunningPool": (0.0, 0.904),
        "Enlarger": (0.0, 1.0),
        "WindowMax": (0.0, 1.000),
        "Fifo": (13.3, 0.972),
        "Narrower": (3.0, 1.000),
        "Widener": (6.0, 1.500),
    },
    "ecp5": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 1.000),
        "ParallelArgmax": (3.0, 1.319),
        "FoldedDense": (29.7, 1.073),
        "SerialThreshold": (15.4, 1.003),
        "SerialArgmax": (19.6, 1.489),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "WindowBuffer": (4.2, 0.974),
        "RunningPool": (0.2, 0.996),
        "Enlarger": (0.0, 1.0),
        "WindowMax": (0.0, 1.000),
        "Fifo": (12.0, 0.979),
        "Narrower": (3.0, 1.000),
        "Widener": (6.0, 1.367),
    },
    "gowin": {
        "UnrolledDense": (4.0, 1.000),
        "ParallelThreshold": (0.0, 1.000),
        "ParallelArgmax": (3.0, 1.319),
        "FoldedDense": (29.7, 1.073),
        "SerialThreshold": (15.4, 1.003),
        "SerialArgmax": (19.6, 1.489),
        "Reorder": (40.0, 1.000),
        "OutputBuffer": (20.0, 1.000),
        "WindowBuffer": (4.2, 0.974),
        "RunningPool": (0.2, 0.996),
        "Enlarger": (0.0, 1.0),
        "WindowMax": (0.0, 1.000),
        "Fifo": (12.0, 0.979),
        "Narrower": (3.0, 1.000),
        "Widener": (6.0, 1.367),
    },
}
