"""The one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from hwgen.errors import HwgenError
from training.augment import cropped_and_mirrored, turned
from training.data.dataset import Dataset, ImagePairs, TrainingData
from training.descent import Descent, start
from training.parallel import device_here, mean_of_all, of_all, share, together
from training.recipe import Recipe
from training.score import classes_of, psnr_of_error

LAYOUT = torch.channels_last  # of images and kernels: convolutions are faster so, on CPUs too


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What one epoch came to: mean loss, and the score on the training batches.

    The score is the accuracy in percent of a classifier, and the PSNR in dB of images; of this
    process's share where several train together.
    """

    number: int
    loss: float
    score: float


Report = Callable[[Epoch], None]


def train(
    net: nn.Module, dataset: TrainingData, recipe: Recipe, descent: Descent, report: Report
) -> nn.Module:
    """Train in place and return the net in evaluation mode.

    The order of the samples depends on `recipe.seed` alone. No epoch is picked by test scores.

    Raises
    ------
    HwgenError
        Where the loss is no number any more.
    """
    torch.set_flush_denormal(True)  # weights that a small budget leaves out decay into denormals
    generator = torch.Generator().manual_seed(recipe.seed)
    x, y = _samples(dataset)
    steps = steps_of(len(x), recipe.batch)
    optimizer, schedule = start(net.to(device_here()), descent, steps)
    net.train().to(memory_format=LAYOUT)
    with together(net) as forward:
        for number in range(1, descent.epochs + 1):
            total, score = 0.0, 0.0
            for batch in batches(torch.randperm(len(x), generator=generator), recipe.batch):
                images, target = _augmented(dataset, recipe, x[batch], y[batch], generator)
                result, excess = forward(_laid_out(share(images)))
                loss, right = _judged(dataset, result, share(target), len(batch))
                loss = loss + recipe.penalty_weight * excess
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                total += _finite(mean_of_all(loss), recipe, number) * len(batch)
                score += right * len(batch)
            report(Epoch(number=number, loss=total / len(x), score=score / len(x)))
    return net.cpu().eval()


def batches(order: Tensor, size: int) -> list[Tensor]:
    """Divide samples into batches; a last one alone joins those before it.

    A batch norm knows no variance of one sample, and leaving it out would shorten the data set.
    """
    parts = list(order.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def steps_of(samples: int, size: int) -> int:
    """Count the batches of an epoch."""
    return max(1, samples // size + (samples % size > 1))


def calibration_steps(dataset: TrainingData, recipe: Recipe) -> int:
    """Batches in which activation ranges are found: 300 as in A2Q+, a tenth of a short training."""
    steps = recipe.epochs * steps_of(len(dataset.train_x), recipe.batch)
    return max(1, min(300, steps // 10))


def _samples(dataset: TrainingData) -> tuple[Tensor, Tensor]:
    match dataset:
        case Dataset():
            return dataset.real(dataset.train_x), torch.from_numpy(dataset.train_y)
        case ImagePairs():
            return dataset.real(dataset.train_x), dataset.real(dataset.train_y)


def _augmented(
    dataset: TrainingData, recipe: Recipe, x: Tensor, y: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    if not recipe.augment:
        return x, y
    match dataset:
        case Dataset():
            return cropped_and_mirrored(x, generator), y
        case ImagePairs():
            return turned(x, y, generator)


def _laid_out(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=LAYOUT) if images.dim() == 4 else images


def _judged(
    dataset: TrainingData, result: Tensor, target: Tensor, count: int
) -> tuple[Tensor, float]:
    """Give loss and score of this process's share of a batch of `count` samples."""
    loss = of_all(_loss(dataset, result, target), len(target), count)
    return loss, _score(dataset, result.detach(), target)


def _loss(dataset: TrainingData, result: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of classes, mean squared error of pixels, 0 to 1."""
    match dataset:
        case Dataset():
            if result.shape[1] == 1:
                return nn.functional.binary_cross_entropy_with_logits(
                    result[:, 0], target.to(result)
                )
            return nn.functional.cross_entropy(result, target)
        case ImagePairs():
            return nn.functional.mse_loss(result, target)


def _score(dataset: TrainingData, result: Tensor, target: Tensor) -> float:
    match dataset:
        case Dataset():
            return 100 * float((classes_of(result) == target).float().mean())
        case ImagePairs():
            return psnr_of_error(float(nn.functional.mse_loss(result, target)))


def _finite(loss: float, recipe: Recipe, epoch: int) -> float:
    if not math.isfinite(loss):
        raise HwgenError(
            f"{recipe.name}: epoch {epoch}: the loss must stay finite, and is {loss}; "
            "lower the learning rate"
        )
    return loss
