"""Load a network, build a design of it, or open one that was built."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from pathlib import Path
from types import NoneType

from hwgen import flow
from hwgen.errors import ModelError
from hwgen.files import as_path
from hwgen.frontend.model_options import ModelOptions, parse_scale
from hwgen.interface.design import Design
from hwgen.interface.network import Network
from hwgen.ir import Graph
from hwgen.json_file import load_json
from hwgen.network_file import load_network
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.plan_file import read_plan

DEFAULTS = BuildOptions()


def load(
    path: Path | str,
    inputs: IntType | str | None = None,
    *,
    input_scale: Fraction | float | str | None = None,
    label: bool = False,
    accumulator_target: int | None = None,
    data: Path | str | None = None,
    labels: Path | str | None = None,
) -> Network:
    """Read a model file (.pt), another tool's network (.onnx) or an integer matrix (.npy).

    Parameters
    ----------
    path
        The file.
    inputs
        Type of the inputs, such as "u4": of a matrix, or of an .onnx file that has no quantizer at
        its input; a model file brings its own.
    input_scale
        The value of a step of these integers, such as "1/255"; of an .onnx file alone, as what
        follows.
    label
        Whether the network ends in the index of the largest score.
    accumulator_target
        Bits of an accumulator that the training promised for every layer.
    data, labels
        .npy files: inputs of the .onnx file, of which the first 100 become golden samples, and the
        class of each.

    Raises
    ------
    ModelError
        Where the file cannot be read, does not hold together, or is of another kind.
    """
    if isinstance(inputs, str):
        try:
            inputs = IntType.parse(inputs)
        except ValueError as error:
            raise ModelError(f"inputs: {error}") from None
    for name, value, kinds in (
        ("input_scale", input_scale, (Fraction, int, float, str, NoneType)),
        ("label", label, (bool,)),
        ("accumulator_target", accumulator_target, (int, NoneType)),
    ):
        if not isinstance(value, kinds):
            raise ModelError(f"{name}: must be {_either(kinds)}, not {value!r}")
    scale = _scale(input_scale)
    options = ModelOptions(
        input_scale=scale,
        label=label,
        accumulator_target=accumulator_target,
        data=None if data is None else as_path(data),
        labels=None if labels is None else as_path(labels),
    )
    return Network(flow.load(path, inputs, options))


def _either(kinds: tuple[type, ...]) -> str:
    return " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)


def _scale(value: Fraction | float | str | None) -> Fraction | None:
    if isinstance(value, str):
        return parse_scale(value)
    if isinstance(value, float) and not isfinite(value):
        raise ModelError(f"input_scale: must be a positive number such as '1/255', not {value}")
    return None if value is None else Fraction(value)


def build(
    network: Network | Graph,
    folder: Path | str | None = None,
    options: BuildOptions = DEFAULTS,
    *,
    plan: Path | str | None = None,
    hls: bool = False,
    progress: Progress = lambda _, __: None,
) -> Design:
    """Plan a network, or take a given plan, and write its design folder.

    Parameters
    ----------
    network
        What `load` gave, or a graph.
    folder
        Where to; `rtl_out/NAME` where none is named.
    options
        The choices of `hwgen build`.
    plan
        An edited plan.json, which holds every choice.
    hls
        Write HLS C++ of the same plan too.
    progress
        Called with the step under way and the share that is done.

    Raises
    ------
    PlanError
        Where the network, the options or the given plan cannot be built.
    VerifyError
        Where the plan does not give what the reference gives.
    """
    graph = network.graph if isinstance(network, Network) else network
    place = flow.default_folder(graph) if folder is None else as_path(folder)
    planned = flow.build(graph, options, place, plan, progress, hls=hls)
    return Design(place, Network(graph), planned)


def open_design(folder: Path | str) -> Design:
    """Open a design folder that `hwgen build` wrote.

    Raises
    ------
    ModelError, PlanError
        Where it is none, or its network or plan is damaged.
    """
    folder = as_path(folder)
    try:
        load_json(folder / "design.json")
    except (OSError, ValueError):
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        ) from None
    return Design(
        folder, Network(load_network(folder / "network.npz")), read_plan(folder / "plan.json")
    )
