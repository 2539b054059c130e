"""The 8x8 digits that scikit-learn carries along: 1,297 to train, 500 to test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.datasets import load_digits

from hwgen.numeric import IntType
from training.data.dataset import Dataset

TEST_IMAGES = 500
SPLIT_SEED = 2024  # of the split alone, so that every training sees the same test images


def digits() -> Dataset:
    """Pixels are 0 to 16 in the source; 16 becomes 15, so that four bits hold them."""
    images = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images.target))
    x = images.data.astype(np.int64).clip(0, 15)[order]
    y = images.target.astype(np.int64)[order]
    return Dataset(
        name="digits",
        classes=10,
        type=IntType(bits=4, signed=False),
        scale=1 / 15,
        train_x=x[TEST_IMAGES:],
        train_y=y[TEST_IMAGES:],
        test_x=x[:TEST_IMAGES],
        test_y=y[:TEST_IMAGES],
    )


def digit_images() -> Dataset:
    """The same digits as images, shape (samples, 1, 8, 8)."""
    rows = digits()
    return replace(
        rows,
        train_x=rows.train_x.reshape(-1, 1, 8, 8),
        test_x=rows.test_x.reshape(-1, 1, 8, 8),
    )
