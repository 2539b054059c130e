"""What the numbers of a recipe may be: outside, a training could only fail, hours later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hwgen.errors import HwgenError

MAX_CODE_BITS = 16  # of weights, inputs and activations; an activation of b bits has 2**b - 1 steps
MAX_ACCUMULATOR_BITS = 62  # exact sums are 64-bit integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The smallest and the largest value; `above` where the smallest itself is too small."""

    least: float
    most: float = math.inf
    above: bool = False

    def problem(self, value: float) -> str | None:
        """Say what must hold where it does not; nothing compares to NaN."""
        if self.above and not value > self.least:
            return f"above {self.least}"
        if not value >= self.least:
            return f"at least {self.least}"
        if not value <= self.most:
            return f"at most {self.most}"
        return None if math.isfinite(value) else "finite"


COUNTS = Limit(least=1, most=10**6)
CODE_BITS = Limit(least=1, most=MAX_CODE_BITS)
RATE = Limit(least=0, above=True)  # too high a rate is told by its loss
DECAY = Limit(least=0, most=1)
LIMITS: Mapping[str, Limit] = {
    "epochs": COUNTS,
    "float_epochs": COUNTS,
    "decay_epochs": COUNTS,
    "batch": Limit(least=2, most=10**6),  # a batch norm knows no variance of one sample
    "seed": Limit(least=0, most=2**32 - 1),
    "weight_bits": Limit(least=2, most=MAX_CODE_BITS),
    "first_last_bits": Limit(least=2, most=MAX_CODE_BITS),
    "activation_bits": CODE_BITS,
    "input_bits": CODE_BITS,
    "accumulator_bits": Limit(least=2, most=MAX_ACCUMULATOR_BITS),
    "width": Limit(least=0, most=100, above=True),
    "learning_rate": RATE,
    "float_learning_rate": RATE,
    "scale_rate": Limit(least=0, most=1000),
    "decay_factor": Limit(least=0, most=1, above=True),
    "weight_decay": DECAY,
    "float_weight_decay": DECAY,
    "penalty_weight": Limit(least=0, most=1000),
    "dropout": Limit(least=0, most=0.99),
}


def check_limits(name: str, settings: Mapping[str, object]) -> None:
    """Refuse the first number that is out of its limits; None is a setting that is left open.

    Raises
    ------
    HwgenError
        With the setting and what must hold.
    """
    for key, limit in LIMITS.items():
        value = settings[key]
        if value is None:
            continue
        assert isinstance(value, int | float)
        problem = limit.problem(value)
        if problem is not None:
            raise HwgenError(f"{name}: {key} must be {problem}, not {value}; choose another")
