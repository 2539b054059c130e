"""Holds a design to a number of block RAMs: their price rises until so few are taken.

At a price every memory goes to block RAM that saves more LUTs a block than that. So those that save
least move to LUTs first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hwgen.errors import PlanError
from hwgen.plan.choose.budget import NEVER, cost_of
from hwgen.plan.design import Plan
from hwgen.plan.options import BuildOptions

STEP = 1.25  # between prices that are tried
STEPS = 40  # up to a price that no memory saves


def hold_brams(options: BuildOptions, planned: Callable[[BuildOptions], Plan]) -> Plan:
    """Plan for the lowest price at which `max_brams` holds.

    Raises
    ------
    PlanError
        Where it never holds, with the nearest that can be reached; as `planned`.
    """

    def at(price: int) -> Plan:
        return planned(replace(options, luts_per_bram=price))

    plan = planned(options)
    if options.max_brams is None or cost_of(plan).brams <= options.max_brams:
        return plan
    best = at(NEVER)
    least = cost_of(best).brams
    if least > options.max_brams:
        lut_memory = "" if options.target != "ice40" else "; ice40 has no memory in LUTs"
        raise PlanError(
            f"max-brams: the design takes {least} block RAMs at the least, not "
            f"{options.max_brams}; the nearest that can be reached is --max-brams {least}"
            f"{lut_memory}"
        )
    low, high = 1, STEPS
    while low < high:
        middle = (low + high) // 2
        plan = at(int(max(options.bram_price, 1) * STEP**middle))
        if cost_of(plan).brams <= options.max_brams:
            best, high = plan, middle
        else:
            low = middle + 1
    return best
