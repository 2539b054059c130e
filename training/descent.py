"""Optimizer and schedule of a training, from the settings of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, StepLR

from training import recipe as settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How one network, float or quantized, is trained; see `Recipe` for the fields."""

    epochs: int
    optimizer: settings.Optimizer
    learning_rate: float
    weight_decay: float
    scale_rate: float
    decay_epochs: int | None
    decay_factor: float


def quantized_descent(recipe: settings.Recipe) -> Descent:
    """Training of the quantized network."""
    return Descent(
        epochs=recipe.epochs,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        scale_rate=recipe.scale_rate,
        decay_epochs=recipe.decay_epochs,
        decay_factor=recipe.decay_factor,
    )


def float_descent(recipe: settings.Recipe) -> Descent:
    """Training of the float network, always by a cosine."""
    rate, decay = recipe.float_learning_rate, recipe.float_weight_decay
    return Descent(
        epochs=recipe.float_epochs,
        optimizer=recipe.float_optimizer or recipe.optimizer,
        learning_rate=recipe.learning_rate if rate is None else rate,
        weight_decay=recipe.weight_decay if decay is None else decay,
        scale_rate=recipe.scale_rate,
        decay_epochs=None,
        decay_factor=recipe.decay_factor,
    )


def start(net: nn.Module, descent: Descent, steps_per_epoch: int) -> tuple[Optimizer, LRScheduler]:
    """Make the optimizer and the schedule, which is to advance at every step."""
    groups = _groups(net, descent)
    match descent.optimizer:
        case "adam":
            optimizer: Optimizer = torch.optim.Adam(groups, lr=descent.learning_rate)
        case "sgd":
            optimizer = torch.optim.SGD(groups, lr=descent.learning_rate)
        case "momentum":
            optimizer = torch.optim.SGD(groups, lr=descent.learning_rate, momentum=0.9)
    if descent.decay_epochs is None:
        return optimizer, CosineAnnealingLR(optimizer, descent.epochs * steps_per_epoch)
    steps = descent.decay_epochs * steps_per_epoch
    return optimizer, StepLR(optimizer, steps, descent.decay_factor)


def _groups(net: nn.Module, descent: Descent) -> list[dict[str, object]]:
    """Weight decay for weights alone: scales, norms, biases and batch norms keep their size."""
    named = dict(net.named_parameters())
    weights = [m.weight for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    logs = [p for name, p in named.items() if name.rpartition(".")[2].startswith("log2_")]
    ids = {id(p) for p in (*weights, *logs)}
    rest = [p for p in named.values() if id(p) not in ids]
    rate = descent.learning_rate * descent.scale_rate
    return [
        {"params": weights, "weight_decay": descent.weight_decay},
        {"params": logs, "weight_decay": 0.0, "lr": rate},
        {"params": rest, "weight_decay": 0.0},
    ]
