"""What the workers of a search do: train and plan, or build and synthesise."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from hwgen.flow import build
from hwgen.nn import load_model, save_model
from hwgen.synth.run import synthesise
from training.data.dataset import Dataset, TrainingData, held_out
from training.explore.goal import Goal, hardware
from training.loop import Report
from training.recipes import Recipe
from training.run import measured, quantized_net
from training.sweep.rows import Row, measured_row
from training.sweep.tasks import (
    Result,
    Trained,
    float_bytes,
    float_from,
    float_recipe,
    load_once,
)

SPLIT_SEED = 0  # of the samples held out: all trainings of a search are judged by the same
MOST_HELD_OUT = 2000
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A training of the search: it is judged by samples held out, and never sees the test set."""

    recipe: Recipe
    trained: bytes | None
    data: Path | None
    threads: int
    goal: Goal

    def work(self, report: Report) -> Result:
        """Train, and count the hardware at low effort."""
        dataset = apart(load_once(float_recipe(replace(self.recipe, seed=0)), self.data))
        if self.trained is None:
            return float_bytes(self.recipe, dataset, report)
        began = time.perf_counter()
        trained = float_from(self.trained, self.recipe, dataset)
        net = quantized_net(self.recipe, dataset, trained, report)
        graph, figures = measured(self.recipe, dataset, net, trained)
        found = asdict(hardware(graph, self.goal, "low"))
        loss = round(loss_of(net, dataset), 6)
        row = measured_row(self.recipe, dataset, figures, time.perf_counter() - began)
        return {**row, "held_out_loss": loss, **found}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshTrial:
    """A training on all training samples, judged by the test set; its model is kept."""

    recipe: Recipe
    trained: bytes | None
    data: Path | None
    threads: int
    goal: Goal

    def work(self, report: Report) -> Result:
        """Train, and plan as a build does."""
        dataset = load_once(float_recipe(replace(self.recipe, seed=0)), self.data)
        if self.trained is None:
            return float_bytes(self.recipe, dataset, report)
        began = time.perf_counter()
        trained = float_from(self.trained, self.recipe, dataset)
        net = quantized_net(self.recipe, dataset, trained, report)
        graph, figures = measured(self.recipe, dataset, net, trained)
        found = asdict(hardware(graph, self.goal, "normal"))
        row = measured_row(self.recipe, dataset, figures, time.perf_counter() - began)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.pt"
            save_model(graph, path)
            return Trained(row={**row, **found}, model=path.read_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """A build and a synthesis of a model file."""

    recipe: Recipe
    model: bytes
    threads: int
    goal: Goal

    def work(self, _report: Report) -> Result:
        """Give LUTs, flip-flops and block RAMs."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.pt"
            path.write_bytes(self.model)
            design = Path(folder) / "design"
            build(load_model(path), self.goal.options("normal"), design)
            total = synthesise(design, self.goal.target).total
        row: Row = {"luts": total.luts, "ffs": total.ffs, "brams": total.brams}
        return row


def apart(dataset: TrainingData) -> Dataset:
    """Hold out a fifth of the training samples, and at most `MOST_HELD_OUT`."""
    assert isinstance(dataset, Dataset)
    return held_out(dataset, min(MOST_HELD_OUT, len(dataset.train_x) // 5), SPLIT_SEED)


def loss_of(net: nn.Module, dataset: Dataset) -> float:
    """Mean cross entropy of the samples held out.

    It ranks networks better than their accuracy does, whose error on 2,000 samples is half a point.
    """
    x, y = dataset.real(dataset.test_x), torch.from_numpy(dataset.test_y)
    total = 0.0
    with torch.no_grad():
        for inputs, target in zip(x.split(BATCH), y.split(BATCH), strict=True):
            logits = net(inputs)
            if logits.shape[1] == 1:
                loss = nn.functional.binary_cross_entropy_with_logits(
                    logits[:, 0], target.to(logits), reduction="sum"
                )
            else:
                loss = nn.functional.cross_entropy(logits, target, reduction="sum")
            total += float(loss)
    return total / len(x)
