"""FINN's analytic LUT model for the same folding: an estimate of another tool, for comparison.

The formula is that of FINN's matrix-vector unit in HLS (`lut_estimation`, after FINN-R, arXiv
1809.04570), with weights and thresholds in LUTs and no DSP blocks. It counts LUTs of six inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

BASE, FACTOR = 300, 1.1  # fitted by FINN's authors
LUT_DEPTH = 64  # entries of a LUT used as memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FinnUnit:
    """What FINN's model knows of a unit; `threshold_bits` is 0 where no thresholds follow.

    `positions` are those of the map at which the product is made.
    """

    rows: int
    columns: int
    pe: int
    simd: int
    weight_bits: int
    input_bits: int
    input_signed: bool
    accumulator_bits: int
    threshold_bits: int
    positions: int = 1

    @property
    def luts(self) -> int:
        """FINN's estimate. FINN folds by divisors only; other foldings are rounded up."""
        product = self.weight_bits + self.input_bits
        multipliers = self.simd * (2 * ceil(product / 6) - 1) * product
        tree = product * (2 * self.simd - 1)
        levels = (1 << self.threshold_bits) - 1
        accumulator = min(self.accumulator_bits, self._type_bits)
        groups = ceil(self.rows / self.pe)
        thresholds = levels * accumulator * ceil(groups / LUT_DEPTH)
        row = multipliers + tree + accumulator + thresholds + levels * accumulator
        weights = self.pe * self.simd * self.weight_bits * ceil(self.cycles / LUT_DEPTH)
        return int(BASE + FACTOR * self.pe * row + weights)

    @property
    def cycles(self) -> int:
        """Cycles for a product at one position, zero weights included."""
        return ceil(self.rows / self.pe) * ceil(self.columns / self.simd)

    @property
    def sample_cycles(self) -> int:
        """Cycles for one sample."""
        return self.cycles * self.positions

    @property
    def _type_bits(self) -> int:
        """FINN's width by data types (arXiv 2301.13376)."""
        alpha = log2(self.columns) + self.weight_bits + self.input_bits - 1 - self.input_signed
        return ceil(alpha + log2(1 + 2**-alpha) + 1)
