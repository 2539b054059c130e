"""MNIST and Fashion-MNIST: all of them in their own idx files, else parts.

The parts have 10,000 and 15,000 images to train, the whole sets 60,000; all 10,000 are there to
test in both.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from hwgen.errors import HwgenError
from hwgen.numeric import IntArray, IntType
from training.data.dataset import Dataset
from training.data.files import read_arrays, read_bytes

TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}  # folders that it makes
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
BYTES = 8  # idx code of unsigned bytes


def images(folder: Path, name: str) -> Dataset:
    """Read the set `name`, mnist or fashion_mnist: 28 x 28 pixels of eight bits, as rows of 784.

    Idx files, packed by gzip or not, are looked for in `folder`, in `folder/name` and where
    torchvision puts them.

    Raises
    ------
    HwgenError
        Where a file is missing or damaged.
    """
    for place in (folder / name, folder / TORCHVISION[name] / "raw", folder):
        for suffix in ("", ".gz"):
            if (place / f"{FILES[0]}{suffix}").is_file():
                arrays = [_idx(place / f"{file}{suffix}") for file in FILES]
                return _dataset(name, *arrays)
    train_x, test_x = (
        read_arrays(folder / name / f"{part}_x.npy.xz")["array"] for part in ("train", "test")
    )
    labels = read_arrays(folder / name / "labels.npz")
    return _dataset(name, train_x, labels["train"], test_x, labels["test"])


def _dataset(
    name: str, train_x: np.ndarray, train_y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray
) -> Dataset:
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


def _idx(path: Path) -> np.ndarray:
    """Read an idx file of bytes: two zeros, the type, the number of axes, their sizes, the data."""
    content = read_bytes(path)
    axes = int(path.name.partition("-idx")[2][0])
    header = 4 + 4 * axes
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    if content[:4] != bytes((0, 0, BYTES, axes)) or len(content) != header + prod(sizes):
        raise HwgenError(
            f"data: {path} must be an idx file of {axes} axes of bytes, whole; fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(sizes)
