"""What logic between two registers takes, by target: the model that registers are placed with.

Times are those of nextpnr on the parts of `hwgen.synth.targets`, routing included:
`python bench/clock/units.py --fit` fits the constants to small designs, and without `--fit` it
shows the error on units. There is no open place and route for xc7: its logic delays are those of
Yosys' cell library (`xilinx/cells_sim.v`), its routing is assumed. docs/clock.md has the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwgen.plan.design import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayModel:
    """Delays of one target.

    Attributes
    ----------
    register_ns
        Out of one register and into the next.
    adder_ns, carry_ns
        To an adder, onto its carry chain and off it; a bit of the chain.
    lut_ns, lut_bits, decision_ns
        To a LUT and through it; how many bits it decides on; every further bit of a decision.
    crowding
        How many times longer all this takes in a whole unit, where nets are longer than in the
        small designs of the fit.
    enable_ns, enable_root_ns
        From the handshake to the clock enables of n registers: the first, and the second times
        the square root of n, which is how the distance grows.
    """

    register_ns: float
    adder_ns: float
    carry_ns: float
    lut_ns: float
    lut_bits: int
    decision_ns: float
    crowding: float
    enable_ns: float
    enable_root_ns: float

    def adders(self, levels: int, bits: int) -> float:
        """Give the ns of `levels` adders in a row, the widest of `bits` bits, between registers.

        The carries of a row of adders run beside each other, so that the width counts once.
        """
        return self.register_ns + self.crowding * (levels * self.adder_ns + bits * self.carry_ns)

    def decision(self, bits: int) -> float:
        """Give the ns of a decision diagram over `bits` bits, without registers."""
        if not bits:
            return 0.0
        return self.crowding * (self.lut_ns + max(bits - self.lut_bits, 0) * self.decision_ns)

    def comparison(self, bits: int) -> float:
        """Give the ns of `a > b`, without registers."""
        return self.crowding * (self.adder_ns + bits * self.carry_ns)

    def choice(self) -> float:
        """Give the ns of a choice between two values, without registers."""
        return self.crowding * self.lut_ns

    def enable(self, registers: int) -> float:
        """Give the ns from the handshake to every register that stalls with it."""
        return self.register_ns + self.enable_ns + self.enable_root_ns * math.sqrt(registers)


MODELS: dict[Target, DelayModel] = {
    "xc7": DelayModel(
        register_ns=0.3,
        adder_ns=1.5,
        carry_ns=0.03,
        lut_ns=0.9,
        lut_bits=6,
        decision_ns=0.4,
        crowding=1.3,
        enable_ns=1.5,
        enable_root_ns=0.0,
    ),
    "ice40": DelayModel(
        register_ns=1.33,
        adder_ns=1.0,
        carry_ns=0.148,
        lut_ns=0.98,
        lut_bits=4,
        decision_ns=0.33,
        crowding=1.4,
        enable_ns=2.5,
        enable_root_ns=0.0,
    ),
    "ecp5": DelayModel(
        register_ns=0.39,
        adder_ns=1.89,
        carry_ns=0.054,
        lut_ns=1.7,
        lut_bits=4,
        decision_ns=0.33,
        crowding=1.35,
        enable_ns=0.45,
        enable_root_ns=0.083,
    ),
    "gowin": DelayModel(  # 1.6 times ecp5, from whole designs on GW1NR-9
        register_ns=0.624,
        adder_ns=3.024,
        carry_ns=0.086,
        lut_ns=2.72,
        lut_bits=4,
        decision_ns=0.528,
        crowding=1.35,
        enable_ns=0.72,
        enable_root_ns=0.133,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLimit:
    """How much may lie between two registers: so many adder levels, and so many ns."""

    model: DelayModel
    levels: int
    period_ns: float

    def adders_fit(self, levels: int, bits: int, after_ns: float = 0.0) -> bool:
        """Whether a row of adders, and what takes `after_ns` behind it, fits."""
        if levels > self.levels:
            return False
        return self.model.adders(levels, bits) + after_ns <= self.period_ns

    def logic_fits(self, ns: float) -> bool:
        """Whether logic between two registers that takes `ns` fits."""
        return self.model.register_ns + ns <= self.period_ns
