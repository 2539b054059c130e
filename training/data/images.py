"""MNIST and Fashion-MNIST in parts: 10,000 and 15,000 images to train, all 10,000 to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwgen.numeric import IntArray, IntType
from training.data.dataset import Dataset, open_xz


def images(folder: Path, name: str) -> Dataset:
    """Read the set `name`, mnist or fashion_mnist: 28 x 28 pixels of eight bits, as rows of 784."""
    place = folder / name
    train_x = np.load(open_xz(place / "train_x.npy.xz"))
    test_x = np.load(open_xz(place / "test_x.npy.xz"))
    with np.load(place / "labels.npz") as labels:
        train_y, test_y = labels["train"], labels["test"]
    return Dataset(
        name=name,
        classes=10,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=_rows(train_x),
        train_y=train_y.astype(np.int64),
        test_x=_rows(test_x),
        test_y=test_y.astype(np.int64),
    )


def _rows(pixels: np.ndarray) -> IntArray:
    return pixels.reshape(len(pixels), -1).astype(np.int64)
