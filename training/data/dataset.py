"""What a data set hands to training: integers with a type and a scale, and what is to come out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from hwgen.numeric import IntArray, IntType


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Integer inputs that stand for `scale` times themselves, and labels.

    Inputs are (samples, features), or (samples, channels, height, width);
    `train_y` and `test_y` are class indices, shape (samples,).
    """

    name: str
    classes: int
    type: IntType
    scale: float
    train_x: IntArray
    train_y: IntArray
    test_x: IntArray
    test_y: IntArray

    def __post_init__(self) -> None:
        for x in (self.train_x, self.test_x):
            if x.min() < self.type.lo or x.max() > self.type.hi:
                raise ValueError(f"{self.name}: inputs must be {self.type}")

    @property
    def features(self) -> int:
        """Number of values in one input."""
        return math.prod(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train_x.shape[1:]

    def real(self, x: IntArray) -> Tensor:
        """Scale integer inputs to the real values that a network is trained on."""
        return torch.from_numpy(x * self.scale).float()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImagePair:
    """A test image (H, W) of 8-bit pixels, small and `factor` times as large."""

    part: str  # the test set that it belongs to
    name: str
    small: IntArray
    large: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImagePairs:
    """Small images and the same ones `factor` times as large, of 8-bit pixels, for training.

    `train_x` is (samples, 1, height, width), `train_y` (samples, 1, factor * height, factor *
    width); the test images are whole ones, each of its own size.
    """

    name: str
    factor: int
    train_x: IntArray
    train_y: IntArray
    tests: tuple[ImagePair, ...]

    type = IntType(bits=8, signed=False)
    scale = 1 / 255

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one training input."""
        return self.train_x.shape[1:]

    def real(self, x: IntArray) -> Tensor:
        """Scale pixels to 0 to 1."""
        return torch.from_numpy(x * self.scale).float()


TrainingData = Dataset | ImagePairs


def rounded(dataset: Dataset, bits: int) -> Dataset:
    """Round unsigned inputs from 0 to 1 to `bits` bits; those of that many stay as they are."""
    if bits == dataset.type.bits:
        return dataset
    kind = IntType(bits=bits, signed=False)
    scale = 1 / kind.hi
    train_x, test_x = (
        quantize(x * dataset.scale, kind, scale) for x in (dataset.train_x, dataset.test_x)
    )
    return replace(dataset, type=kind, scale=scale, train_x=train_x, test_x=test_x)


def held_out(dataset: Dataset, samples: int, seed: int) -> Dataset:
    """Set `samples` of the training samples apart, drawn by `seed`, in place of the test set.

    What is chosen by their scores has not seen the test set.
    """
    order = np.random.default_rng(seed).permutation(len(dataset.train_x))
    apart, kept = order[:samples], np.sort(order[samples:])
    return replace(
        dataset,
        train_x=dataset.train_x[kept],
        train_y=dataset.train_y[kept],
        test_x=dataset.train_x[apart],
        test_y=dataset.train_y[apart],
    )


def quantize(x: np.ndarray, kind: IntType, scale: float) -> IntArray:
    """Nearest integers of a type for real values, halves upwards, clipped to the type."""
    return np.floor(x / scale + 0.5).clip(kind.lo, kind.hi).astype(np.int64)
