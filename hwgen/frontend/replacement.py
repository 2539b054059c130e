"""The weights of a layer before and behind its quantizer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Replacement(NamedTuple):
    """The raw weights of a layer, and the values that its quantizer makes of them."""

    raw: np.ndarray
    quantized: np.ndarray
