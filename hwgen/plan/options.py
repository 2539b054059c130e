"""What a user asks of a build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hwgen.errors import PlanError
from hwgen.plan.design import LUTS_PER_BRAM, Budget, Effort, Goal, Target, Throughput
from hwgen.plan.option_kinds import check_kinds
from hwgen.plan.stages.requantizers import Choice

TARGETS: tuple[Target, ...] = ("xc7", "ice40", "ecp5", "gowin")
AUTO_LEVELS = 2  # adder levels between registers where none are asked for
MAX_CLOCK_MHZ = 1000  # no part of any target runs faster
LEAST = {
    "pe": 1,
    "simd": 1,
    "pixels": 1,
    "fps": 1,
    "max_luts": 1,
    "max_brams": 0,
    "luts_per_bram": 0,
}
MAX_UNROLLED_NONZERO = 20_000  # what --style auto unrolls at the most

Progress = Callable[[str, float], None]  # what is being done, and which share of it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """Choices of `hwgen build`; the defaults are those of the command line.

    Attributes
    ----------
    accumulator
        "offset" (each register starts at its own offset and has the bits of the span), "signed"
        (two's complement, exact), or a width in bits as a baseline.
    pixels
        Windows side by side that a folded convolution sums at once: in each layer as many as divide
        its rows, and at most so many.
    pipeline
        "none", a number of adder levels between registers, or "auto": what `clock_mhz` needs, or
        two levels where that is 0.
    requantization
        "auto" (for each channel what takes fewer LUTs), or "diagram" or "multiply" throughout.
    clock_mhz
        The clock that `fps` is meant at and that unrolled layers are pipelined for, 0 for none.
    luts_per_bram
        The price of a block RAM in LUTs: it is taken where it saves so many; None for what the
        target's parts have for each.
    fps
        Vectors a second that style and folding are chosen for.
    max_luts
        LUTs that the fastest design is chosen within.
    max_brams
        Block RAMs that every design is held to, for any goal or none.
    subpixel
        Whether a convolution that reads a nearest upsampling is computed in front of it, as a
        sub-pixel convolution: "auto" where that takes less, "always" (which makes of style "auto"
        "folded") or "never".
    """

    target: Target = "xc7"
    style: Literal["auto", "unrolled", "folded"] = "auto"
    accumulator: str = "offset"
    pe: int | None = None
    simd: int | None = None
    pixels: int | None = None
    skip: bool = True
    pipeline: str = "auto"
    clock_mhz: float = 0.0
    luts_per_bram: int | None = None
    effort: Effort = "normal"
    fps: int | None = None
    max_luts: int | None = None
    max_brams: int | None = None
    requantization: Choice = "auto"
    subpixel: Literal["auto", "always", "never"] = "auto"

    def __post_init__(self) -> None:
        check_kinds(self)
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise PlanError(f"{name.replace('_', '-')}: must be at least {least}, not {value}")
        if self.accumulator not in ("offset", "signed") and not _is_count(self.accumulator, 2, 62):
            raise PlanError(
                "accumulator: must be offset, signed or a width of 2 to 62 bits, as text, "
                f"not {self.accumulator!r}"
            )
        if self.pipeline not in ("none", "auto") and not _is_count(self.pipeline, 1, 99):
            raise PlanError(
                "pipeline: must be none, auto or a number of adder levels from 1 to 99, as text, "
                f"not {self.pipeline!r}"
            )
        if not 0 <= self.clock_mhz <= MAX_CLOCK_MHZ:
            raise PlanError(
                f"clock-mhz: must be above 0 and at most {MAX_CLOCK_MHZ}, not {self.clock_mhz:g}"
            )
        self._check_goal()

    def _check_goal(self) -> None:
        """Refuse goals that contradict one another."""
        if self.fps is not None and not self.clock_mhz:
            raise PlanError("fps: needs the clock that it is meant at; add --clock-mhz 100")
        if self.fps is not None and self.max_luts is not None:
            raise PlanError("fps: must not stand beside --max-luts; the one follows from the other")
        if self.fps is not None and self.fps > round(self.clock_mhz * 1e6):
            raise PlanError(
                f"fps: must be at most a vector a cycle, {int(self.clock_mhz * 1e6)} at "
                f"{self.clock_mhz:g} MHz, not {self.fps}; raise the clock"
            )
        if self.goal is not None and (self.pe or self.simd or self.pixels):
            raise PlanError("pe, simd, pixels: are chosen for a goal; leave them out, or the goal")

    @property
    def bram_price(self) -> int:
        """LUTs that a block RAM must save to be taken."""
        default = LUTS_PER_BRAM[self.target]
        return default if self.luts_per_bram is None else self.luts_per_bram

    @property
    def goal(self) -> Goal | None:
        """What style and folding are chosen for."""
        if self.fps is not None:
            return Throughput(fps=self.fps, clock_mhz=self.clock_mhz)
        if self.max_luts is not None:
            return Budget(luts=self.max_luts, brams=self.max_brams)
        return None

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


def _is_count(text: object, low: int, high: int) -> bool:
    return (
        isinstance(text, str) and text.isascii() and text.isdecimal() and low <= int(text) <= high
    )
