"""`python -m training RECIPE`: train a quantized network and write model.pt."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from typer.core import TyperGroup

from hwgen.errors import HwgenError
from hwgen.files import check_file
from hwgen.nn import save_model
from hwgen.nn.weight_quant import Backward, Method
from training.build import quant_net
from training.explore.command import explore
from training.float_checkpoint import train_float_alone
from training.options import (
    ActivationBits,
    AskedRecipe,
    Constrained,
    FirstLastBits,
    InputBits,
    Threads,
    Units,
    WeightBits,
    Width,
    Widths,
    lines_of,
    mistakes,
    numbers_of,
    override,
    progress,
)
from training.parallel import is_first, process_group
from training.quantize import quantize
from training.recipe import ClassResult
from training.recipes import RECIPES, Recipe, RecipeName, load_asked, with_method
from training.run import train_float, train_quantized
from training.sweep.command import sweep, table
from training.tables import figures_table

HELP = f"""\b
Train a network whose sums cannot overflow, and write its integers:
  python -m training RECIPE [OPTIONS]
  python -m training RECIPE --help     the options
  python -m training COMMAND --help    what else there is, below

\b
Recipes:
{lines_of(RECIPES)}

\b
Examples:
  python -m training digits
      half a minute, no download; accumulators of 8 bits
  python -m training fashion_mnist --acc-bits 7 --data DIR --out model.pt
      another width, the data in DIR
  python -m training digits --units 12,8,10
      largest l1 norms of a row, layer by layer, in place of a width
  python -m training explore digits --target ice40 --max-luts 2000 --out front
      the most accurate networks that fit
"""


class TrainByDefault(TyperGroup):
    """Takes arguments that name no command for those of `train`: `python -m training RECIPE`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Put the command in front where there is none."""
        given = bool(args) and args[0] not in {*self.commands, "--help"}
        return super().parse_args(ctx, ["train", *args] if given else args)


app = typer.Typer(
    cls=TrainByDefault,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # tables would cut names and numbers short
    no_args_is_help=True,
    help=HELP,
)


@app.command("train")
def main(
    recipe: Annotated[RecipeName, AskedRecipe],
    method: Annotated[Method, typer.Option(help="Weight quantizer.")] = "a2q_ip",
    acc_bits: Annotated[
        int | None, typer.Option(help="Accumulator bits to keep; 8, cifar10_cnn 12.")
    ] = None,
    units: Units = None,
    weight_bits: WeightBits = None,
    first_last_bits: FirstLastBits = None,
    act_bits: ActivationBits = None,
    input_bits: InputBits = None,
    widths: Widths = None,
    width: Width = None,
    constrain: Constrained = None,
    result: Annotated[
        ClassResult | None, typer.Option(help="Of two classes (nsl_kdd): sign is one logit's.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of the quantized network.")] = None,
    float_epochs: Annotated[int | None, typer.Option(help="Epochs of the float network.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's first step size.")] = None,
    layers: Annotated[
        str | None, typer.Option(help="Single layers' own, such as dense1=u9,dense2=a2q:12.")
    ] = None,
    backward: Annotated[Backward | None, typer.Option(help="Gradient of a2q_ip.")] = None,
    float_start: Annotated[bool, typer.Option(help="Start from the trained float network.")] = True,
    fitted_start: Annotated[
        bool | None, typer.Option(help="Start at the scales of a post-training fit.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and sample order.")] = 0,
    threads: Threads = 1,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Model file; runs/RECIPE-METHOD-pP-sSEED.pt by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Train RECIPE and write its integer network.

    The network is certified to keep its accumulators, whatever its inputs.
    """
    torch.set_num_threads(threads)
    with mistakes():
        sized = override(RECIPES[recipe], widths=numbers_of("widths", widths), width=width)
        asked = with_method(sized, method, acc_bits, numbers_of("units", units))
        settings = override(
            asked,
            weight_bits=weight_bits,
            first_last_bits=first_last_bits,
            activation_bits=act_bits,
            input_bits=input_bits,
            constrain=constrain,
            result=result,
            epochs=epochs,
            float_epochs=float_epochs,
            learning_rate=learning_rate,
            layers=layers,
            backward=backward,
            float_start=float_start,
            fitted_start=fitted_start,
            seed=seed,
        )
        if backward is not None and "a2q_ip" not in f"{method} {layers}":
            raise HwgenError(
                f"backward: must be given with a2q_ip, whose gradient it is, not {method}; "
                "leave it out"
            )
        with process_group():
            run(settings, data, out or default_out(settings), as_json)


def run(settings: Recipe, data: Path | None, out: Path, as_json: bool) -> None:
    """Train, write the model file, and print the figures."""
    check_file(out)
    dataset = load_asked(settings, data)
    quant_net(settings, dataset, 1)  # refused before anything seems to run
    with progress("float network", settings.float_epochs) as report:
        trained = train_float(settings, dataset, report)
    with progress(settings.method, settings.epochs) as report:
        graph, figures = train_quantized(settings, dataset, trained, report)
    if not is_first():
        return
    save_model(graph, out)
    if as_json:
        print(json.dumps({"model": str(out), **figures.to_json()}, indent=2))
    else:
        console = Console()
        console.print(figures_table(figures))
        console.print(f"wrote {out}", highlight=False, soft_wrap=True)


def default_out(settings: Recipe) -> Path:
    """Name the model file by what was trained."""
    budget = "" if settings.accumulator_bits is None else f"-p{settings.accumulator_bits}"
    if settings.units is not None:
        budget += "-u" + "-".join(map(str, settings.units))
    return Path("runs") / f"{settings.name}-{settings.method}{budget}-s{settings.seed}.pt"


for command in (quantize, explore, sweep, table):
    app.command()(command)
app.command("float")(train_float_alone)


if __name__ == "__main__":
    sys.exit(app())
