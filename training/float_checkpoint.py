"""Trained float networks as files: the `state_dict` of a recipe's float network, plain data.

`python -m training float` writes one.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from torch import nn

from hwgen.errors import ModelError
from hwgen.files import check_file, write_beside
from hwgen.nn.whole_model import tensor_problem
from training.checkpoint_tensors import tensors_of, without_wrappers
from training.options import (
    AskedRecipe,
    InputBits,
    Threads,
    Width,
    Widths,
    mistakes,
    numbers_of,
    override,
    progress,
)
from training.recipes import RECIPES, RecipeName, load_asked
from training.run import train_float


def train_float_alone(
    recipe: Annotated[RecipeName, AskedRecipe],
    float_epochs: Annotated[int | None, typer.Option(help="Epochs of the float network.")] = None,
    widths: Widths = None,
    width: Width = None,
    input_bits: InputBits = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and sample order.")] = 0,
    threads: Threads = 1,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File.")] = Path("float.pt"),
) -> None:
    """Train the float network of RECIPE and write it as a state_dict."""
    torch.set_num_threads(threads)
    with mistakes():
        settings = override(
            RECIPES[recipe],
            float_epochs=float_epochs,
            widths=numbers_of("widths", widths),
            width=width,
            input_bits=input_bits,
            seed=seed,
        )
        check_file(out)
        dataset = load_asked(settings, data)
        with progress("float network", settings.float_epochs) as report:
            save_float(train_float(settings, dataset, report), out)
    Console().print(f"wrote {out}", highlight=False, soft_wrap=True)


def save_float(net: nn.Module, path: Path) -> None:
    """Write a float network's tensors; an interrupted write leaves the earlier file as it was."""
    with write_beside(path) as partial, partial.open("wb") as file:
        torch.save(net.state_dict(), file)


def load_float(path: Path, net: nn.Module) -> None:
    """Read a float network's tensors into `net`, also from a checkpoint that holds them in others.

    Raises
    ------
    ModelError
        Where the file cannot be read, is of another network, or holds numbers that are none.
    """
    wanted = net.state_dict()
    state = without_wrappers(tensors_of(_read(path), path), wanted)
    for name, tensor in wanted.items():
        if name not in state:
            raise _another(path, f"has {name}, which the file has not")
        if state[name].shape != tensor.shape:
            shapes = f"{tuple(tensor.shape)}, not {tuple(state[name].shape)}"
            raise _another(path, f"has {name} of shape {shapes}")
        problem = tensor_problem(state[name])
        if problem:
            raise ModelError(f"{path}: {name} {problem}")
    for name in state:
        if name not in wanted:
            raise _another(path, f"has no {name}, which the file has")
    net.load_state_dict(state)


def _another(path: Path, text: str) -> ModelError:
    return ModelError(
        f"{path}: must be of the recipe's float network, which {text}; "
        "give the recipe and the widths that it was trained with"
    )


def _read(path: Path) -> object:
    """Give what the file holds; None where it is no file of torch's, or carries code."""
    if not path.is_file():
        raise ModelError(
            f"{path}: must be a file; train one with `python -m training float RECIPE --out {path}`"
        )
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError):
        return None
    return content
