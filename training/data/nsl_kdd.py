"""NSL-KDD network connections, attack or not: 25,192 to train, 22,544 of KDDTest+ to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwgen.numeric import IntType
from training.data.dataset import Dataset, quantize
from training.data.files import read_arrays

CATEGORIES = {1: "cat_protocol_type", 2: "cat_service", 3: "cat_flag"}


def nsl_kdd(folder: Path, input_bits: int) -> Dataset:
    """Log counts (38) and one-hot categories (81), each from 0 to 1 over the training set."""
    arrays = read_arrays(folder / "nsl_kdd" / "nsl_kdd.npz.xz")
    train, test = (_features(arrays, arrays[f"{part}_x"].T) for part in ("train", "test"))
    train_y, test_y = (arrays[f"{part}_y"] > 0 for part in ("train", "test"))
    low, high = train.min(axis=0), train.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    kind = IntType(bits=input_bits, signed=False)
    scale = 1 / kind.hi
    return Dataset(
        name="nsl_kdd",
        classes=2,
        type=kind,
        scale=scale,
        train_x=quantize((train - low) / span, kind, scale),
        train_y=train_y.astype(np.int64),
        test_x=quantize((test - low) / span, kind, scale),
        test_y=test_y.astype(np.int64),
    )


def _features(arrays: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Real features, shape (samples, 119)."""
    numbers = np.delete(x, list(CATEGORIES), axis=1)
    one_hot = [x[:, [i]] == np.arange(len(arrays[names])) for i, names in CATEGORIES.items()]
    return np.concatenate([np.log1p(numbers.astype(np.float64)), *one_hot], axis=1)
