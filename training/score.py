"""How good a network is: percent of classes, or dB of enlarged images."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from hwgen.numeric import IntArray
from training.data.dataset import Dataset, ImagePair, ImagePairs, TrainingData

Metric = Literal["accuracy", "psnr"]  # percent of the samples, or dB

TEST_BATCH = 250
SIDES = 8  # a U-Net halves an image three times, so its sides are filled up to a multiple


def metric_of(dataset: TrainingData) -> Metric:
    """Name the unit of the scores on this data set."""
    return "accuracy" if isinstance(dataset, Dataset) else "psnr"


def scores(net: nn.Module, dataset: TrainingData) -> dict[str, float]:
    """Score a torch network, in evaluation mode, on each part of the test set."""
    match dataset:
        case Dataset():
            return {"test": accuracy(guesses(net, dataset), dataset)}
        case ImagePairs():
            decibels: dict[str, list[float]] = {}
            for pair in dataset.tests:
                image = enlarged(net, pair, dataset)
                decibels.setdefault(pair.part, []).append(image_psnr(image, pair, dataset))
            return {part: float(np.mean(found)) for part, found in decibels.items()}


def accuracy(classes: IntArray, dataset: Dataset) -> float:
    """Percent of the test set for which `classes` are right."""
    return 100 * float((classes == dataset.test_y).mean())


def guesses(net: nn.Module, dataset: Dataset) -> IntArray:
    """Classes that `net` gives the test set, the lowest among equals, shape (samples,)."""
    kind = _precision(net)
    with torch.no_grad():
        batches = dataset.real(dataset.test_x).to(kind).split(TEST_BATCH)
        found = np.concatenate([classes_of(net(batch)).numpy() for batch in batches])
    return found.astype(np.int64)


def classes_of(logits: Tensor) -> Tensor:
    """Give the classes of logits, shape (samples, classes), or of one each by its sign."""
    return (logits[:, 0] >= 0).long() if logits.shape[1] == 1 else logits.argmax(1)


def enlarged(net: nn.Module, pair: ImagePair, dataset: ImagePairs) -> IntArray:
    """Enlarge a test image to pixels of eight bits, shape (factor * H, factor * W)."""
    height, width = pair.small.shape
    with torch.no_grad():
        image = net(dataset.real(filled(pair)).to(_precision(net)))[0, 0]
    pixels = (image[: dataset.factor * height, : dataset.factor * width] * 255 + 0.5).floor()
    return pixels.clamp(0, 255).numpy().astype(np.int64)


def filled(pair: ImagePair) -> IntArray:
    """Small test image with its last pixels repeated up to even sides, shape (1, 1, H, W)."""
    missing = [(0, -size % SIDES) for size in pair.small.shape]
    return np.pad(pair.small, missing, mode="edge")[np.newaxis, np.newaxis]


def image_psnr(image: IntArray, pair: ImagePair, dataset: ImagePairs) -> float:
    """PSNR in dB of an enlarged image, but for a border as wide as the factor, as usual."""
    inside = slice(dataset.factor, -dataset.factor)
    difference = (image - pair.large)[inside, inside] / 255
    return psnr_of_error(float((difference**2).mean()))


def psnr_of_error(error: float) -> float:
    """PSNR in dB of a mean squared error of values from 0 to 1."""
    return 10 * math.log10(1 / max(error, 1e-12))


def _precision(net: nn.Module) -> torch.dtype:
    return next(net.parameters()).dtype
