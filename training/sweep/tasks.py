"""What a worker is handed, what it hands back, and the work between; it writes no file."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from hwgen.errors import HwgenError
from training.build import float_net
from training.data.dataset import TrainingData
from training.loop import Report
from training.recipes import RECIPES, Recipe, load
from training.run import train_float, train_quantized
from training.sweep.rows import Row, measured_row

QUANTIZED_ONLY = (  # what a float network does not depend on
    "method",
    "weight_bits",
    "activation_bits",
    "accumulator_bits",
    "units",
    "layers",
    "constrain",
    "first_last_bits",
    "epochs",
    "decay_epochs",
    "decay_factor",
    "scale_rate",
    "penalty_weight",
    "backward",
    "float_start",
    "equalization",
    "bias_correction",
    "fitted_start",
)
WITH_FLOAT_FORM = ("optimizer", "learning_rate", "weight_decay")  # `float_...` goes before
TORCH_ERRORS = (  # what torch raises where settings or memory do not suffice
    *(ValueError, RuntimeError, TypeError, ArithmeticError, LookupError, AssertionError),
    *(AttributeError, MemoryError, OSError),
)
ONE_AT_A_TIME = threading.Lock()  # torch's seed and thread count are the process's


class Work(Protocol):
    """What a worker does; it travels there as a pickle."""

    @property
    def recipe(self) -> Recipe:
        """The settings of the training, or of what is done with its model."""

    @property
    def threads(self) -> int:
        """Threads of torch."""

    def work(self, report: Report) -> Result:
        """Do it in this process.

        Raises
        ------
        HwgenError
            Where it cannot be done.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One training.

    Parameters
    ----------
    trained
        The float network as `perform` gave it; None where that is what to train.
    """

    recipe: Recipe
    trained: bytes | None
    data: Path | None
    threads: int

    def work(self, report: Report) -> Result:
        """Train a float network to bytes, or a quantized one to a row."""
        dataset = load_once(float_recipe(replace(self.recipe, seed=0)), self.data)
        if self.trained is None:
            return float_bytes(self.recipe, dataset, report)
        began = time.perf_counter()
        trained = float_from(self.trained, self.recipe, dataset)
        _, figures = train_quantized(self.recipe, dataset, trained, report)
        return measured_row(self.recipe, dataset, figures, time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A training that ended in a sentence."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The row of a training, and its model file."""

    row: Row
    model: bytes


Result = bytes | Row | Trained | Failure


def float_recipe(recipe: Recipe) -> Recipe:
    """Give the recipe with its own settings for all that a float network does not depend on."""
    own = RECIPES[recipe.name]
    replaced = [n for n in WITH_FLOAT_FORM if getattr(recipe, f"float_{n}") is not None]
    kept = {name: getattr(own, name) for name in (*QUANTIZED_ONLY, *replaced)}
    return replace(recipe, **{**kept, "method": "qat", "accumulator_bits": None, "units": None})


def perform(task: Work, report: Report) -> Result:
    """Do a task; what goes wrong is its result."""
    with ONE_AT_A_TIME:
        torch.set_num_threads(task.threads)
        try:
            return task.work(report)
        except HwgenError as error:
            return Failure(error=str(error))
        except TORCH_ERRORS as error:
            kind = type(error).__name__
            return Failure(error=f"{task.recipe.name}: must train, and ended in {kind}: {error}")


def perform_unwatched(task: Work) -> Result:
    """Do a task where nobody looks at its epochs."""
    return perform(task, lambda _epoch: None)


def float_bytes(recipe: Recipe, dataset: TrainingData, report: Report) -> bytes:
    """Train a float network and give the file of its tensors."""
    stream = io.BytesIO()
    torch.save(train_float(recipe, dataset, report).state_dict(), stream)
    return stream.getvalue()


def float_from(trained: bytes, recipe: Recipe, dataset: TrainingData) -> nn.Module:
    """Give the float network that `float_bytes` wrote, in evaluation mode."""
    net = float_net(float_recipe(recipe), dataset).eval()
    net.load_state_dict(torch.load(io.BytesIO(trained), weights_only=True))
    return net


@lru_cache(maxsize=1)
def load_once(recipe: Recipe, folder: Path | None) -> TrainingData:
    """Read a data set; the next task mostly takes the same."""
    return load(recipe, folder)
