"""What a user says of a network that another tool wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from hwgen.errors import ModelError
from hwgen.ir import MAX_ACCUMULATOR_BITS

MOST_DIGITS = 30  # of a scale that is typed


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Options of an .onnx file.

    Attributes
    ----------
    input_scale
        The value of a step of the integers that the stream carries; with the type of these.
    label
        Whether the network ends in the index of the largest score.
    accumulator_target
        Bits of an accumulator that the training promised for every layer.
    data, labels
        .npy files: inputs of the file, which become golden samples, and the class of each.
    """

    input_scale: Fraction | None = None
    label: bool = False
    accumulator_target: int | None = None
    data: Path | None = None
    labels: Path | None = None

    def __post_init__(self) -> None:
        if self.input_scale is not None and self.input_scale <= 0:
            raise ModelError(f"--input-scale must be positive, not {self.input_scale}")
        if self.labels is not None and self.data is None:
            raise ModelError(f"{self.labels}: labels must stand beside --data; add the inputs")
        target = self.accumulator_target
        if target is not None and not 1 <= target <= MAX_ACCUMULATOR_BITS:
            raise ModelError(
                f"--accumulator-target must be 1 to {MAX_ACCUMULATOR_BITS} bits, not {target}"
            )

    @property
    def first_name(self) -> str:
        """The name of an option that is given."""
        if self.input_scale is not None:
            return "--input-scale"
        if self.data is not None:
            return "--data"
        return "--label" if self.label else "--accumulator-target"


def parse_scale(text: str) -> Fraction:
    """Read a positive rational: `1/255`, `0.25`, `2**-10`.

    Raises
    ------
    ModelError
        Where the text is none.
    """
    power = re.fullmatch(r"2\*\*(-?[0-9]{1,3})", text)
    if power:
        return Fraction(2) ** int(power[1])
    if len(text) <= MOST_DIGITS and re.fullmatch(
        r"[0-9]+(/[0-9]+|\.[0-9]+)?(e-?[0-9]{1,2})?", text
    ):
        try:
            found = Fraction(text)
        except (ValueError, ZeroDivisionError):
            found = Fraction(0)
        if found > 0:
            return found
    raise ModelError(
        f"--input-scale: must be a positive number such as 1/255, 0.25 or 2**-10, not {text!r}"
    )
