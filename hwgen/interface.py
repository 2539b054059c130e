"""The Python interface: the steps of the command line as objects, with the same names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from rich.console import Console, RenderableType

from hwgen import flow
from hwgen.errors import HwgenError, ModelError
from hwgen.files import as_path
from hwgen.frontend.model_options import ModelOptions, parse_scale
from hwgen.hls.model import CppModel
from hwgen.ir import Graph
from hwgen.json_file import load_json
from hwgen.network_file import load_network
from hwgen.numeric import IntArray, IntType
from hwgen.plan.design import Plan
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.plan_file import read_plan
from hwgen.prove.certificate.certificate import Certificate
from hwgen.prove.cpp.proof import CppProof
from hwgen.prove.cpp.run import prove_cpp_folder
from hwgen.prove.run import prove as prove_folder
from hwgen.reference import outputs
from hwgen.report.inspection import inspection, inspection_table
from hwgen.report.page import make_report
from hwgen.report.synthesis import report_text
from hwgen.simulate import SimResult, Simulator
from hwgen.simulate import simulate as simulate_folder
from hwgen.synth.run import SynthResult
from hwgen.synth.run import synthesise as synthesise_folder

__all__ = [
    "BuildOptions",
    "Design",
    "HwgenError",
    "Network",
    "Report",
    "build",
    "load",
    "open_design",
]

RealArray = npt.NDArray[np.float64]
DEFAULTS = BuildOptions()
WIDTH = 120  # columns of a table in text


@dataclass(frozen=True, slots=True)
class Network:
    """An integer network: what `hwgen.load` gives and `hwgen.build` takes.

    In a notebook it shows its layers with their accumulator bounds, as `hwgen inspect` does.
    """

    graph: Graph = field(repr=False)

    def __repr__(self) -> str:
        shape, kind = self.graph.input.shape, self.graph.input.type
        size = "x".join(map(str, shape))
        return (
            f"Network({self.graph.name!r}: {size} {kind}, {len(self.graph.nodes)} nodes, "
            f"gives {self.graph.result})"
        )

    def __str__(self) -> str:
        return _text(self._table())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return _bundle(self._table())

    def _table(self) -> RenderableType:
        return inspection_table(self.inspect())

    def inspect(self) -> dict[str, Any]:
        """Give shapes, types, sparsity, norms and accumulator bounds as plain data."""
        return inspection(self.graph)

    def run(self, x: IntArray) -> IntArray:
        """Run the network on integers: the golden model that the gates equal on every input.

        Parameters
        ----------
        x
            (samples, *input shape), integers of the input's type.

        Returns
        -------
        (samples, *output shape), int64.

        Raises
        ------
        ModelError
            Where `x` has another shape or values outside the input's type.
        """
        return outputs(self.graph, x)

    def values(self, y: IntArray) -> RealArray:
        """Give the real values that outputs stand for, `scale * y + offset` channel by channel.

        Parameters
        ----------
        y
            (samples, *output shape), as `run` gives them.

        Returns
        -------
        The same shape, float64.

        Raises
        ------
        ModelError
            Where outputs stand for no real values: a class, bits, or the sums of a bare matrix.
        """
        real = self.graph.dequantization
        if real is None:
            raise ModelError(
                f"{self.graph.name}: outputs must stand for real values, and are "
                f"{self.graph.result}; use them as they are"
            )
        y = np.asarray(y)
        shape = self.graph.tensors[self.graph.output].shape
        if y.shape[1:] != shape or not y.ndim:
            raise ModelError(
                f"{self.graph.name}: outputs must have shape (samples, {str(shape)[1:-1]}), not "
                f"{y.shape}"
            )
        by_channel = (-1, *[1] * (y.ndim - 2))  # axis 1 of the outputs
        scale, offset = (
            np.array(numbers).reshape(by_channel) for numbers in (real.scale, real.offset)
        )
        values: RealArray = scale * y + offset
        return values


@dataclass(frozen=True, slots=True)
class Report:
    """The page of a design folder, and what stands in report.json; prints as `hwgen report`."""

    page: Path
    document: dict[str, Any] = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether no check failed, no result is stale and no file was changed since the build."""
        return bool(self.document["holds"])

    def __str__(self) -> str:
        return _text(report_text(self.document))


@dataclass(frozen=True, slots=True)
class Design:
    """A design folder: Verilog, plan, vectors and a bench; every step writes its result there."""

    folder: Path
    network: Network = field(repr=False)
    plan: Plan = field(repr=False)

    def __repr__(self) -> str:
        styles = ", ".join(f"{layer.name} {layer.style}" for layer in self.plan.layers)
        times = f"latency {self.latency_cycles} cycles, a vector every {self.interval_cycles}"
        return f"Design({str(self.folder)!r}: {styles}; {times})"

    @property
    def latency_cycles(self) -> int:
        """Clock cycles from the first input beat to the first output beat."""
        return self.plan.latency_cycles

    @property
    def interval_cycles(self) -> int:
        """Clock cycles between vectors, or frames."""
        return self.plan.interval_cycles

    @property
    def verilog(self) -> str:
        """The design as Verilog."""
        return (self.folder / f"{self.plan.name}.v").read_text(encoding="utf-8")

    def run(self, x: IntArray) -> IntArray:
        """Run the network on integers, as `Network.run`."""
        return self.network.run(x)

    def simulate(
        self,
        simulator: Simulator = "verilator",
        *,
        samples: int = 0,
        seed: int = 0,
        waves: bool = False,
    ) -> SimResult:
        """Compare the gates with the integer reference, bit for bit, with stalls and a reset.

        Parameters
        ----------
        simulator
            "verilator" or "icarus"; "cpp" for the HLS C++, which knows no cycles.
        samples
            Vectors of the whole design; 0 for as many as take a moment.
        seed
            Other random vectors and stalls than the folder's own.
        waves
            Keep the wave forms in `sim/build`.

        Raises
        ------
        PlanError
            Where there are not so many vectors.
        ToolError
            Where a program is missing or fails.
        """
        if simulator not in get_args(Simulator):
            names = ", ".join(get_args(Simulator))
            raise ModelError(f"simulator: must be one of {names}, not {simulator!r}")
        for name, value in (("samples", samples), ("seed", seed)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ModelError(f"{name}: must be a whole number, not {value!r}")
        return simulate_folder(
            self.folder,
            simulator=simulator,
            samples=samples,
            seed=seed,
            vectors=flow.chosen_vectors(self.folder, seed, samples),
            waves=waves,
        )

    def prove(self, progress: Callable[[str], None] = lambda _: None) -> Certificate:
        """Prove from the Verilog alone that the design is its network; writes proof.json.

        Raises
        ------
        ToolError
            Where Yosys is missing or fails.
        """
        return prove_folder(self.folder, progress)

    def prove_cpp(self) -> CppProof:
        """Prove from the C++ alone, of a design built with `hls`; writes hls/proof.json.

        Raises
        ------
        ModelError
            Where there is none.
        ToolError
            Where there is no C++ compiler.
        """
        return prove_cpp_folder(self.folder)

    def compile(self) -> CppModel:
        """Compile the C++ of a design built with `hls`: a model that runs large sets in seconds.

        Raises
        ------
        ModelError
            Where there is none.
        ToolError
            Where there is no C++ compiler.
        """
        return CppModel(self.folder)

    def synthesise(self, target: str | None = None, *, place: bool = False) -> SynthResult:
        """Synthesise with Yosys, and place with nextpnr where that is asked for.

        Parameters
        ----------
        target
            `xc7`, `ice40` or `ecp5`; the plan's where none is named.
        place
            Place and route too, for the clock frequency.

        Raises
        ------
        ToolError
            Where a program is missing or fails.
        """
        return synthesise_folder(self.folder, target or self.plan.target, place)

    def report(self) -> Report:
        """Write report.html and report.json."""
        page = make_report(self.folder)
        return Report(page, json.loads(page.with_suffix(".json").read_text(encoding="utf-8")))


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


def _text(shown: RenderableType) -> str:
    console = _console(shown)
    return console.export_text(styles=False).rstrip("\n")


def _bundle(shown: RenderableType) -> dict[str, str]:
    """Give a table as notebooks show it: HTML, and text for where there is none."""
    page = _console(shown).export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    return {"text/html": page, "text/plain": _text(shown)}


def _console(shown: RenderableType) -> Console:
    """Print to nowhere, also in a notebook, and keep what was printed."""
    console = Console(file=io.StringIO(), width=WIDTH, record=True, force_jupyter=False)
    console.print(shown, markup=False, highlight=False, crop=False)
    return console
