"""CIFAR-10 in a class-balanced part: 10,000 images to train, 2,000 to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwgen.numeric import IntArray, IntType
from training.data.dataset import Dataset, open_xz

TEST_PARTS = ("test1k", "holdout")  # official test images, and training images held out


def cifar10(folder: Path) -> Dataset:
    """Read the set: pixels of eight bits, shape (samples, 3, 32, 32)."""
    place = folder / "cifar10"
    train_x = _pixels(place / "train_a.npy.xz")
    test_x = np.concatenate([_pixels(place / f"{part}.npy.xz") for part in TEST_PARTS])
    with np.load(place / "labels.npz") as labels:
        train_y = labels["train_a"]
        test_y = np.concatenate([labels[part] for part in TEST_PARTS])
    return Dataset(
        name="cifar10",
        classes=10,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=train_x,
        train_y=train_y.astype(np.int64),
        test_x=test_x,
        test_y=test_y.astype(np.int64),
    )


def _pixels(path: Path) -> IntArray:
    """Undo the differences that the planes red - green, green, blue - green are stored as."""
    differences = np.load(open_xz(path))  # (3, samples, 32, 32), modulo 256
    red, green, blue = differences.cumsum(2, dtype=np.uint8).cumsum(3, dtype=np.uint8)
    return np.stack([red + green, green, blue + green], axis=1).astype(np.int64)
