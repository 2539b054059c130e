"""CIFAR-10: all of it in its binary form, else a class-balanced part.

The part has 10,000 images to train and 2,000 to test: the first 1,000 official test images, and
1,000 of the official training images that are held out. The whole set has 50,000 and 10,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwgen.errors import HwgenError
from hwgen.numeric import IntArray, IntType
from training.data.dataset import Dataset
from training.data.files import find, read_arrays, read_bytes

BINARY = "cifar-10-batches-bin"  # the folder that cifar-10-binary.tar.gz unpacks to
PICKLED = "cifar-10-batches-py"
TRAIN = tuple(f"data_batch_{index}.bin" for index in range(1, 6))
TEST = ("test_batch.bin",)
RECORD = 1 + 3 * 32 * 32  # a label, and the planes red, green and blue
TEST_PARTS = ("test1k", "holdout")  # official test images, and training images held out


def cifar10(folder: Path) -> Dataset:
    """Read the set: pixels of eight bits, shape (samples, 3, 32, 32); the whole one if it is there.

    Raises
    ------
    HwgenError
        Where a file is missing or damaged, or only the pickled form is there, which can run code.
    """
    place = find((folder, folder / BINARY, folder / "cifar10" / BINARY), TRAIN[0])
    if place is not None:
        return _dataset(_binary(place, TRAIN), _binary(place, TEST))
    if folder.name == PICKLED or (folder / PICKLED).is_dir():
        raise HwgenError(
            f"data: {folder} must hold CIFAR-10 in its binary form, not pickled, which could run "
            f"any code; fetch cifar-10-binary.tar.gz and unpack {BINARY} there"
        )
    labels = read_arrays(folder / "cifar10" / "labels.npz")
    train, *tests = (
        (_pixels(folder / "cifar10" / f"{part}.npy.xz"), labels[part])
        for part in ("train_a", *TEST_PARTS)
    )
    test_x, test_y = (np.concatenate(parts) for parts in zip(*tests, strict=True))
    return _dataset(train, (test_x, test_y))


def _dataset(train: tuple[IntArray, IntArray], test: tuple[IntArray, IntArray]) -> Dataset:
    return Dataset(
        name="cifar10",
        classes=10,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=train[0].astype(np.int64),
        train_y=train[1].astype(np.int64),
        test_x=test[0].astype(np.int64),
        test_y=test[1].astype(np.int64),
    )


def _binary(place: Path, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (samples, 3, 32, 32) and labels of binary batches, one after the other."""
    batches = [_records(place / name) for name in names]
    records = np.concatenate(batches)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def _records(path: Path) -> np.ndarray:
    content = np.frombuffer(read_bytes(path), np.uint8)
    if not content.size or content.size % RECORD or content[::RECORD].max() > 9:
        raise HwgenError(
            f"data: {path} must be records of {RECORD} bytes with labels 0 to 9; fetch it again"
        )
    return content.reshape(-1, RECORD)


def _pixels(path: Path) -> IntArray:
    """Undo the differences that the planes red - green, green, blue - green are stored as."""
    differences = read_arrays(path)["array"]  # (3, samples, 32, 32), modulo 256
    red, green, blue = differences.cumsum(2, dtype=np.uint8).cumsum(3, dtype=np.uint8)
    return np.stack([red + green, green, blue + green], axis=1)
