"""Dry beans, 16 shape features and seven kinds: every fifth of 13,611 to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwgen.numeric import IntType
from training.data.dataset import Dataset, quantize
from training.data.files import read_arrays

DEVIATIONS = 4.0  # standard deviations that the signed input type spans to either side


def dry_bean(folder: Path, input_bits: int) -> Dataset:
    """Features less their mean, by their deviation, both of the training rows."""
    arrays = read_arrays(folder / "dry_bean" / "dry_bean.npz.xz")
    x, y = arrays["x"].T.astype(np.float64), arrays["y"].astype(np.int64)
    test = np.arange(len(y)) % 5 == 0
    x = (x - x[~test].mean(axis=0)) / x[~test].std(axis=0)
    kind = IntType(bits=input_bits, signed=True)
    scale = DEVIATIONS / -kind.lo
    codes = quantize(x, kind, scale)
    return Dataset(
        name="dry_bean",
        classes=7,
        type=kind,
        scale=scale,
        train_x=codes[~test],
        train_y=y[~test],
        test_x=codes[test],
        test_y=y[test],
    )
