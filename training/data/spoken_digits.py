"""Spoken digits (FSDD), 40 frames of 20 log-mel bands: 2,700 to train, 300 to test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hwgen.numeric import IntType
from training.data.dataset import Dataset
from training.data.files import read_arrays

TEST_TAKES = 5  # of 50 by each speaker of each digit, as the set's author splits it


def spoken_digits(folder: Path) -> Dataset:
    """Read the set as rows of 800 values of eight bits."""
    arrays = read_arrays(folder / "fsdd" / "fsdd_logmel.npz.xz")
    x = arrays["x"].reshape(len(arrays["x"]), -1).astype(np.int64)
    y = arrays["digit"].astype(np.int64)
    test = arrays["take"] < TEST_TAKES
    return Dataset(
        name="spoken_digits",
        classes=10,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=x[~test],
        train_y=y[~test],
        test_x=x[test],
        test_y=y[test],
    )


def spoken_digit_images(folder: Path) -> Dataset:
    """The same as images, shape (samples, 1, 40, 20)."""
    rows = spoken_digits(folder)
    return replace(
        rows,
        train_x=rows.train_x.reshape(-1, 1, 40, 20),
        test_x=rows.test_x.reshape(-1, 1, 40, 20),
    )
