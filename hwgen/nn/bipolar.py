"""Bipolar values, -1 and +1 times a scale, carried as the codes 0 and 1.

A code c stands for `s * (c - 1/2)`, s the step between the two values: the affine quantization of
every other code, with a zero point of one half. So the integer network knows nothing of it: a layer
sums codes of one unsigned bit, and that `sum w * (2c - 1)` is `2 * sum w * c - sum w` is taken in
by what reads the sums, thresholds or an offset.

Sources: Courbariaux et al., BinaryConnect (arXiv 1511.00363); Hubara et al., Binarized Neural
Networks (arXiv 1602.02830); the scale as in XNOR-Net (arXiv 1603.05279).
"""

from __future__ import annotations

from torch import Tensor

from hwgen.errors import SettingError
from hwgen.nn.arguments import truth
from hwgen.nn.rounding import straight_through
from hwgen.numeric import IntType

ZERO_POINT = 0.5


def zero_point(where: str, kind: IntType, *, bipolar: bool) -> float:
    """Give the code, whole or not, that stands for zero.

    Raises
    ------
    SettingError
        Where bipolar codes are asked for, and are not of one unsigned bit.
    """
    bipolar = truth(f"{where}: bipolar", bipolar)
    if bipolar and (kind.bits, kind.signed) != (1, False):
        raise SettingError(
            f"{where}: bits must be 1, unsigned, where bipolar, not {kind}; its codes 0 and 1 "
            "stand for -1 and +1"
        )
    return ZERO_POINT if bipolar else 0.0


def sign_codes(x: Tensor) -> Tensor:
    """Give 1 where `x >= 0`, else 0, without gradient."""
    return (x.detach() >= 0).to(x)


def on_signs(x: Tensor, scale: Tensor | float) -> Tensor:
    """Give `-scale / 2` or `scale / 2`, by the sign of `x`.

    Gradients pass where `|x| <= scale` and stop beyond; the scale's is that of a learned step,
    `q - dq/dx * x / s` with q one half or minus one half.
    """
    units = x / scale
    return straight_through(sign_codes(x) - ZERO_POINT, units.clamp(-1, 1)) * scale
