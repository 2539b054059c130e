"""What a user asks of a build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.errors import PlanError
from hwgen.plan.design import Target
from hwgen.plan.requantizers import Choice

TARGETS: tuple[Target, ...] = ("xc7", "ice40", "ecp5")
AUTO_LEVELS = 2  # adder levels between registers where none are asked for
MAX_CLOCK_MHZ = 1000  # no part of any target runs faster
MAX_UNROLLED_NONZERO = 20_000  # what --style auto unrolls at the most


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """Choices of `hwgen build`; the defaults are those of the command line.

    Attributes
    ----------
    accumulator
        "offset" (each register starts at its own offset and has the bits of the span), "signed"
        (two's complement, exact), or a width in bits as a baseline.
    pipeline
        "none", a number of adder levels between registers, or "auto": what `clock_mhz` needs, or
        two levels where that is 0.
    requantization
        "auto" (for each channel what takes fewer LUTs), or "diagram" or "multiply" throughout.
    clock_mhz
        The clock that unrolled layers are pipelined for, 0 where none is asked for.
    """

    target: Target = "xc7"
    style: Literal["auto", "unrolled", "folded"] = "auto"
    accumulator: str = "offset"
    pe: int | None = None
    simd: int | None = None
    skip: bool = True
    pipeline: str = "auto"
    clock_mhz: float = 0.0
    requantization: Choice = "auto"
    effort: Literal["low", "normal", "high"] = "normal"

    def __post_init__(self) -> None:
        if self.accumulator not in ("offset", "signed") and not _is_count(self.accumulator, 2, 62):
            raise PlanError(
                "accumulator: must be offset, signed or a width of 2 to 62 bits, "
                f"not {self.accumulator!r}"
            )
        if self.pipeline not in ("none", "auto") and not _is_count(self.pipeline, 1, 99):
            raise PlanError(
                "pipeline: must be none, auto or a number of adder levels from 1 to 99, "
                f"not {self.pipeline!r}"
            )

        if not 0 <= self.clock_mhz <= MAX_CLOCK_MHZ:
            raise PlanError(
                f"clock-mhz: must be above 0 and at most {MAX_CLOCK_MHZ}, not {self.clock_mhz:g}"
            )

    @property
    def accumulator_method(self) -> Literal["offset", "signed"]:
        """How registers start; a baseline of given width is signed."""
        return "offset" if self.accumulator == "offset" else "signed"

    @property
    def accumulator_width(self) -> int:
        """The width asked for, 0 where registers are exact."""
        return int(self.accumulator) if self.accumulator.isdecimal() else 0

    @property
    def levels_per_stage(self) -> int:
        """Adder levels between registers, 0 for none."""
        if self.pipeline == "none":
            return 0
        return AUTO_LEVELS if self.pipeline == "auto" else int(self.pipeline)


def _is_count(text: str, low: int, high: int) -> bool:
    return text.isdecimal() and low <= int(text) <= high
