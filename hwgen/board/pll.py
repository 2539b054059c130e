"""PLLs of the families: which clocks they make of another, exactly and within their limits.

Limits and formulas: Lattice FPGA-TN-02052 and the data sheets of iCE40; FPGA-DS-02012 and
FPGA-TN-02200 for ECP5; Gowin UG286, DS117 and DS226. None was seen to lock on a real part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

Range = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pll:
    """Settings: the clock of the pin is divided, multiplied up to an oscillator, divided again.

    `reference` and `output` are the dividers, `multiplier` is what the oscillator has of the phase
    detector's clock, all as plain factors.
    """

    pin_mhz: Fraction
    reference: int
    multiplier: int
    output: int

    @property
    def detector_mhz(self) -> Fraction:
        """The clock at the phase detector."""
        return self.pin_mhz / self.reference

    @property
    def oscillator_mhz(self) -> Fraction:
        """The clock of the oscillator."""
        return self.detector_mhz * self.multiplier

    @property
    def mhz(self) -> Fraction:
        """The clock that comes out."""
        return self.oscillator_mhz / self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a kind of PLL can be set to, and the limits of its clocks in MHz.

    `part` is how the names of its parts begin. The feedback comes from the oscillator, or from
    behind the output divider (`feeds_back_output`).
    """

    part: str
    references: range
    multipliers: range
    outputs: tuple[int, ...]
    feeds_back_output: bool = False
    input: Range
    detector: Range
    oscillator: Range
    result: Range

    def settings(self, pin_mhz: Fraction) -> Iterator[Pll]:
        """Give every setting that keeps the limits."""
        if not _within(pin_mhz, self.input):
            return
        for reference in self.references:
            detector = pin_mhz / reference
            if not _within(detector, self.detector):
                continue
            least, most = (bound / detector for bound in self.oscillator)
            for output in self.outputs:
                step = output if self.feeds_back_output else 1
                first = max(ceil(least / step), self.multipliers.start)
                last = min(floor(most / step), self.multipliers.stop - 1)
                for factor in range(first, last + 1):
                    multiplier = factor * step
                    if _within(detector * multiplier / output, self.result):
                        yield Pll(
                            pin_mhz=pin_mhz,
                            reference=reference,
                            multiplier=multiplier,
                            output=output,
                        )


def _within(value: Fraction, limits: Range) -> bool:
    return limits[0] <= value <= limits[1]


def _mhz(least: str, most: str) -> Range:
    return Fraction(least), Fraction(most)


_GOWIN_OUTPUTS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
KINDS = (
    Kind(
        part="iCE40",
        references=range(1, 17),
        multipliers=range(1, 129),
        outputs=(2, 4, 8, 16, 32, 64),
        input=_mhz("10", "133"),
        detector=_mhz("10", "133"),
        oscillator=_mhz("533", "1066"),
        result=_mhz("16", "275"),
    ),
    Kind(
        part="LFE5U",
        references=range(1, 129),
        multipliers=range(1, 129),  # the first output's divider, which feeds back
        outputs=tuple(range(1, 129)),
        input=_mhz("8", "400"),
        detector=_mhz("10", "400"),
        oscillator=_mhz("400", "800"),
        result=_mhz("3.125", "400"),
    ),
    Kind(
        part="GW1NR-LV9",
        references=range(1, 65),
        multipliers=range(1, 65),
        outputs=_GOWIN_OUTPUTS,
        feeds_back_output=True,
        input=_mhz("3", "400"),
        detector=_mhz("3", "400"),
        oscillator=_mhz("400", "1200"),
        result=_mhz("3.125", "600"),
    ),
    Kind(
        part="GW2AR-LV18",
        references=range(1, 65),
        multipliers=range(1, 65),
        outputs=_GOWIN_OUTPUTS,
        feeds_back_output=True,
        input=_mhz("3", "500"),
        detector=_mhz("3", "500"),
        oscillator=_mhz("500", "1250"),
        result=_mhz("3.90625", "625"),
    ),
)


def nearest_setting(part: str, pin_mhz: Fraction, mhz: Fraction) -> Pll | None:
    """Give the setting whose clock is nearest, None where the part has no PLL that is known.

    Of several the one with the fastest phase detector, then oscillator, which jitter least.
    """
    kind = next((kind for kind in KINDS if part.startswith(kind.part)), None)
    if kind is None:
        return None
    return min(
        kind.settings(pin_mhz),
        key=lambda pll: (abs(pll.mhz - mhz), -pll.detector_mhz, -pll.oscillator_mhz),
        default=None,
    )
