"""`python -m training quantize`: a trained float network's integers, without training it again.

The float network is a file that `python -m training float` writes, or one like it; the integers
are fitted to it on a few inputs or on none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from rich.console import Console
from torch import Tensor

from hwgen.errors import HwgenError
from hwgen.files import check_file
from hwgen.ir import Graph
from hwgen.nn import QuantInput, save_model
from hwgen.nn.equalize import equalize, pairs
from hwgen.nn.post_training import (
    distilled_inputs,
    fit_layer,
    project_layer,
    quantize_after_training,
)
from training.build import float_net, quant_net
from training.data.dataset import TrainingData
from training.float_checkpoint import load_float
from training.options import (
    ActivationBits,
    Constrained,
    FirstLastBits,
    InputBits,
    Threads,
    Units,
    WeightBits,
    Width,
    Widths,
    mistakes,
    numbers_of,
    override,
)
from training.recipes import RECIPES, Recipe, RecipeName, load_asked, with_method
from training.run import Figures, measured
from training.start import CALIBRATION, calibration_inputs
from training.tables import figures_table

FitName = Literal["fit", "projection"]
FITS = {"fit": fit_layer, "projection": project_layer}

DISTILLED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterTraining:
    """How a float network is quantized: on `samples` training inputs, or on distilled ones."""

    fit: FitName = "fit"
    samples: int = CALIBRATION
    data_free: bool = False
    equalized: bool = False


def quantize(
    checkpoint: Annotated[Path, typer.Argument(help="Trained float network, a state_dict.")],
    recipe: Annotated[RecipeName, typer.Option(metavar="RECIPE", help="What it was trained for.")],
    method: Annotated[
        FitName, typer.Option(help="Integers fitted to the sums, or to the weights alone.")
    ] = "fit",
    acc_bits: Annotated[
        int | None, typer.Option(help="Accumulator bits to keep; the recipe's by default.")
    ] = None,
    calibrate: Annotated[
        int | None,
        typer.Option(help=f"Training inputs to calibrate with, {CALIBRATION} by default."),
    ] = None,
    data_free: Annotated[
        bool, typer.Option("--data-free", help="Calibrate with inputs made from the batch norms.")
    ] = False,
    equalization: Annotated[
        bool, typer.Option("--equalize", help="Equalize neighbouring layers first.")
    ] = False,
    units: Units = None,
    weight_bits: WeightBits = None,
    first_last_bits: FirstLastBits = None,
    act_bits: ActivationBits = None,
    input_bits: InputBits = None,
    widths: Widths = None,
    width: Width = None,
    constrain: Constrained = None,
    seed: Annotated[int, typer.Option(help="Seed of the choice of inputs.")] = 0,
    threads: Threads = 1,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file.")] = Path("model.pt"),
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Quantize a trained float network without training it again."""
    torch.set_num_threads(threads)
    with mistakes():
        sized = override(RECIPES[recipe], widths=numbers_of("widths", widths), width=width)
        settings = override(
            with_method(sized, "a2q_ip", acc_bits, numbers_of("units", units)),
            weight_bits=weight_bits,
            first_last_bits=first_last_bits,
            activation_bits=act_bits,
            input_bits=input_bits,
            constrain=constrain,
            seed=seed,
        )
        how = _how(method, calibrate, data_free=data_free, equalized=equalization)
        check_file(out)
        dataset = load_asked(settings, data)
        graph, figures = quantized(settings, dataset, checkpoint, how)
        save_model(graph, out)
    if as_json:
        print(json.dumps({"model": str(out), **figures.to_json()}, indent=2))
    else:
        console = Console()
        console.print(figures_table(figures))
        console.print(f"wrote {out}", highlight=False, soft_wrap=True)


def quantized(
    settings: Recipe, dataset: TrainingData, checkpoint: Path, how: AfterTraining
) -> tuple[Graph, Figures]:
    """Quantize a float network and measure the integers on the whole test set.

    Raises
    ------
    HwgenError
        Where the checkpoint is not of this network, or an accumulator leaves room for no weight.
    """
    net = quant_net(settings, dataset, 1)
    trained = float_net(settings, dataset)
    load_float(checkpoint, trained)
    trained.eval()
    if how.equalized:
        equalize(trained, pairs(net))
    inputs = _inputs(settings, dataset, trained, net, how)
    quantize_after_training(net, trained, inputs, fit=FITS[how.fit])
    graph, figures = measured(settings, dataset, net, trained)
    facts = {"epochs": 0, "after_training": how.fit, "equalized": how.equalized}
    kind = "distilled_samples" if how.data_free else "calibration_samples"
    return replace(graph, metadata={**graph.metadata, **facts, kind: len(inputs)}), figures


def _inputs(
    settings: Recipe,
    dataset: TrainingData,
    trained: torch.nn.Module,
    net: torch.nn.Module,
    how: AfterTraining,
) -> Tensor:
    if not how.data_free:
        return calibration_inputs(dataset, how.samples, settings.seed)
    source = next(module for module in net.modules() if isinstance(module, QuantInput))
    return distilled_inputs(trained, source, dataset.shape, samples=how.samples, seed=settings.seed)


def _how(
    method: FitName, calibrate: int | None, *, data_free: bool, equalized: bool
) -> AfterTraining:
    if data_free and calibrate is not None:
        raise HwgenError("calibrate: must not be given with --data-free; leave one of them out")
    if calibrate is not None and calibrate < 2:
        raise HwgenError(f"calibrate: must be at least 2 inputs, not {calibrate}; give 100 or more")
    samples = DISTILLED if data_free else (calibrate or CALIBRATION)
    return AfterTraining(fit=method, samples=samples, data_free=data_free, equalized=equalized)
