"""How many LUTs Yosys makes of the parts that an estimate counts: a base and a factor.

Written by `python bench/estimates.py --fit`.
"""

from __future__ import annotations

from hwgen.plan.design import Target

FITTED: dict[Target, dict[str, tuple[float, float]]] = {
    target: {
        "UnrolledDense": (5.0, 1.0),
        "ParallelThreshold": (3.0, 1.0),
        "ParallelArgmax": (3.0, 1.0),
        "FoldedDense": (40.0, 1.0),
        "SerialThreshold": (8.0, 1.0),
        "SerialArgmax": (20.0, 1.0),
        "Fifo": (12.0, 1.0),
        "Narrower": (3.0, 1.0),
        "Widener": (3.0, 1.0),
    }
    for target in ("xc7", "ice40", "ecp5")
}
