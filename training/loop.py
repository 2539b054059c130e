"""The one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hwgen.nn import penalty
from hwgen.nn.linear import QuantLinear
from training.augment import cropped_and_mirrored
from training.data.dataset import Dataset
from training.recipes import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What one epoch came to: mean loss, and accuracy on the training batches in percent."""

    number: int
    loss: float
    accuracy: float


TEST_BATCH = 500

Report = Callable[[Epoch], None]


def train(
    net: nn.Module, dataset: Dataset, recipe: Recipe, epochs: int, report: Report
) -> nn.Module:
    """Train in place with Adam and a cosine schedule, and return the net in evaluation mode.

    The order of the samples depends on `recipe.seed` alone. No epoch is picked by test accuracy.
    """
    torch.set_flush_denormal(True)  # weights that a small budget leaves out decay into denormals
    generator = torch.Generator().manual_seed(recipe.seed)
    x, y = dataset.real(dataset.train_x), torch.from_numpy(dataset.train_y)
    steps = epochs * math.ceil(len(x) / recipe.batch)
    optimizer = torch.optim.Adam(_groups(net, recipe), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    quantized = any(isinstance(module, QuantLinear) for module in net.modules())
    net.train()
    for number in range(1, epochs + 1):
        total, correct = 0.0, 0
        for batch in torch.randperm(len(x), generator=generator).split(recipe.batch):
            images = x[batch]
            if recipe.augment:
                images = cropped_and_mirrored(images, generator)
            logits = net(images)
            loss = nn.functional.cross_entropy(logits, y[batch])
            if quantized:
                loss = loss + recipe.penalty_weight * penalty(net)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
            correct += int((logits.argmax(1) == y[batch]).sum())
        report(Epoch(number=number, loss=total / len(x), accuracy=100 * correct / len(x)))
    return net.eval()


def calibration_steps(dataset: Dataset, recipe: Recipe) -> int:
    """Batches in which activation ranges are found: 300 as in A2Q+, a tenth of a short training."""
    steps = recipe.epochs * math.ceil(len(dataset.train_x) / recipe.batch)
    return max(1, min(300, steps // 10))


def accuracy(net: nn.Module, dataset: Dataset) -> float:
    """Percent of the test set that `net`, in evaluation mode, gets right."""
    with torch.no_grad():
        batches = dataset.real(dataset.test_x).split(TEST_BATCH)
        guesses: Tensor = torch.cat([net(batch).argmax(1) for batch in batches])
    return 100 * float((guesses.numpy() == dataset.test_y).mean())


def _groups(net: nn.Module, recipe: Recipe) -> list[dict[str, object]]:
    """Weight decay for weights alone: scales, norms, biases and batch norms keep their size."""
    named = dict(net.named_parameters())
    weights = [m.weight for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    logs = [p for name, p in named.items() if name.rpartition(".")[2].startswith("log2_")]
    ids = {id(p) for p in (*weights, *logs)}
    rest = [p for p in named.values() if id(p) not in ids]
    rate = recipe.learning_rate
    return [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": logs, "weight_decay": 0.0, "lr": rate * recipe.scale_rate},
        {"params": rest, "weight_decay": 0.0},
    ]
