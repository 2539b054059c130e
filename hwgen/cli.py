"""The command line: arguments in, calls, printed result, exit status; it decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwgen import __version__
from hwgen.cli_board import (
    SimulatedBoard,
    asked_board,
    board,
    boards,
    options_of,
    package,
    run,
    simulate_board,
)
from hwgen.cli_options import (
    BUILD_EXAMPLES,
    AccumulatorRule,
    AccumulatorTarget,
    AsJson,
    BuildBaud,
    BuildBoard,
    BuildData,
    BuildLabels,
    CheckData,
    CheckDesign,
    CheckLabels,
    CheckSamples,
    ClockMhz,
    Design,
    EditedPlan,
    Effort,
    EffortName,
    Fps,
    Hls,
    ImportedModel,
    InputScale,
    InputType,
    Label,
    LutsPerBram,
    MaxBrams,
    MaxLuts,
    Model,
    NoSkip,
    Output,
    PartName,
    Pe,
    Pipeline,
    Pixels,
    Place,
    Samples,
    Seed,
    Simd,
    Simulator,
    SimulatorName,
    Style,
    StyleName,
    Subpixel,
    SubpixelName,
    SynthTarget,
    Target,
    Waves,
)
from hwgen.console import bar, mistakes, show, spinner
from hwgen.errors import ModelError, VerifyError
from hwgen.report.inspection_columns import columns_text

if TYPE_CHECKING:
    from hwgen.frontend.model_options import ModelOptions
    from hwgen.ir import Graph
    from hwgen.plan.design import LayerSummary

app = typer.Typer(
    help="From a quantized neural network to overflow-proof, LUT-frugal FPGA logic.\n\n"
    "A session: `python -m training digits --out model.pt`, `hwgen inspect model.pt`, "
    "`hwgen build model.pt -o out`, `hwgen sim out`, `hwgen prove out`, "
    "`hwgen synth out --target ecp5 --pnr`, `hwgen report out`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"hwgen {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _load(model: Path, inputs: str | None, options: ModelOptions) -> Graph:
    from hwgen.flow import as_input_type, load

    return load(model, as_input_type(inputs), options)


def _options(
    scale: str | None,
    label: bool,
    target: int | None,
    data: Path | None = None,
    labels: Path | None = None,
) -> ModelOptions:
    from hwgen.frontend.model_options import ModelOptions, parse_scale

    return ModelOptions(
        input_scale=None if scale is None else parse_scale(scale),
        label=label,
        accumulator_target=target,
        data=data,
        labels=labels,
    )


@app.command(epilog=f"\b\nColumns of the table:\n{columns_text('  ')}")
def inspect(
    model: Model,
    inputs: InputType = None,
    input_scale: InputScale = None,
    label: Label = False,
    accumulator_target: AccumulatorTarget = None,
    as_json: AsJson = False,
) -> None:
    """Show layers, bits, sparsity and every accumulator bound."""
    with mistakes():
        from hwgen.report.inspection import inspection, inspection_table

        graph = _load(model, inputs, _options(input_scale, label, accumulator_target))
        document = inspection(graph)
        show(document, as_json, lambda: inspection_table(document))


@app.command(epilog=BUILD_EXAMPLES)
def build(
    model: Model,
    output: Output = None,
    inputs: InputType = None,
    input_scale: InputScale = None,
    label: Label = False,
    accumulator_target: AccumulatorTarget = None,
    data: BuildData = None,
    labels: BuildLabels = None,
    target: Target = None,
    style: Style = StyleName.auto,
    accumulator: AccumulatorRule = "offset",
    pe: Pe = None,
    simd: Simd = None,
    pixels: Pixels = None,
    no_skip: NoSkip = False,
    subpixel: Subpixel = SubpixelName.auto,
    pipeline: Pipeline = "auto",
    clock_mhz: ClockMhz = 0.0,
    fps: Fps = None,
    max_luts: MaxLuts = None,
    max_brams: MaxBrams = None,
    luts_per_bram: LutsPerBram = None,
    effort: Effort = EffortName.normal,
    plan: EditedPlan = None,
    hls: Hls = False,
    board: BuildBoard = None,
    baud: BuildBaud = None,
) -> None:
    """Write a design folder: Verilog, plan, vectors, a simulation."""
    with mistakes():
        from hwgen.earlier import made_of
        from hwgen.flow import build as build_design
        from hwgen.flow import default_folder
        from hwgen.plan.choose.balance import balance_sentences
        from hwgen.plan.options import BuildOptions

        asked = asked_board(board, None if target is None else target.value, clock_mhz, baud)
        options = BuildOptions(
            target=asked.target,
            style=style.value,
            accumulator=accumulator,
            pe=pe,
            simd=simd,
            pixels=pixels,
            skip=not no_skip,
            subpixel=subpixel.value,
            pipeline=pipeline,
            clock_mhz=asked.clock_mhz if fps is not None else clock_mhz,
            effort=effort.value,
            fps=fps,
            max_brams=max_brams,
            luts_per_bram=luts_per_bram,
        )
        read_as = _options(input_scale, label, accumulator_target, data, labels)
        graph = _load(model, inputs, read_as)
        options, planner = options_of(options, max_luts, asked, graph)
        folder = default_folder(graph) if output is None else output
        earlier = made_of(folder)
        with bar() as progress:
            planned = build_design(graph, options, folder, plan, progress, planner, hls=hls)
        layers = ", ".join(f"{layer.name} {_folding(layer)}" for layer in planned.layers)
        print(
            f"{folder}: {layers}; latency {planned.latency_cycles} cycles, "
            f"a vector every {planned.interval_cycles}"
        )
        for sentence in balance_sentences(planned):
            print(sentence)
        gone = [name for name in earlier if name not in made_of(folder)]
        if gone:
            print(f"removed, since the design is another now: {', '.join(gone)}; make it again")


def _folding(layer: LayerSummary) -> str:
    """Name a layer's style, and of a folded one what is in parallel: rows, products, windows."""
    if layer.style == "unrolled":
        return layer.style
    windows = f"x{layer.pixels}" if layer.pixels > 1 else ""
    return f"folded {layer.pe}x{layer.simd}{windows}"


@app.command()
def check(
    model: ImportedModel,
    samples: CheckSamples = 16,
    data: CheckData = None,
    labels: CheckLabels = None,
    inputs: InputType = None,
    input_scale: InputScale = None,
    label: Label = False,
    accumulator_target: AccumulatorTarget = None,
    design: CheckDesign = None,
    as_json: AsJson = False,
) -> None:
    """Explain every code of an .onnx that differs from its float run.

    The file is run in floats beside its integer network. Exit status 1 where a difference is
    neither a tie nor within float32 of one.
    """
    with mistakes():
        from hwgen.flow import as_input_type, check_model
        from hwgen.report.float_check import check_table

        with spinner("check"):
            options = _options(input_scale, label, accumulator_target)
            kind = as_input_type(inputs)
            found = check_model(model, kind, options, samples, data, labels, design)
        document = found.to_json()
        show(document, as_json, lambda: check_table(document))
        if not found.passed:
            raise typer.Exit(VerifyError.exit_status)


@app.command()
def sim(
    folder: Design,
    simulator: Simulator = SimulatorName.verilator,
    samples: Samples = 0,
    seed: Seed = 0,
    waves: Waves = False,
    board: SimulatedBoard = None,
    as_json: AsJson = False,
) -> None:
    """Compare the gates with the integer reference, bit for bit.

    Every vector back to back, then with stalls on both sides and a reset in mid-stream.
    """
    with mistakes():
        from hwgen.flow import chosen_vectors
        from hwgen.simulate import simulate

        if board is not None:
            others = {"simulator": simulator is not SimulatorName.verilator, "seed": seed}
            others["waves"] = waves
            simulate_board(folder, board, samples, as_json, [k for k in others if others[k]])
            return
        with _changes_told(folder), spinner(f"simulate in {simulator.value}"):
            result = simulate(
                folder,
                simulator=simulator.value,
                samples=samples,
                seed=seed,
                vectors=chosen_vectors(folder, seed, samples),
                waves=waves,
            )
        show(result.to_json(), as_json, lambda: str(result))
        if not result.passed:
            raise typer.Exit(1)


@contextmanager
def _changes_told(folder: Path) -> Iterator[None]:
    """Say on stderr which files of a design are not as they were built, behind what is done."""
    from hwgen.manifest import changed_files, changes, check_manifest

    check_manifest(folder)  # before the work
    yield
    sentence = changes(changed_files(folder))
    if sentence is not None:
        print(f"hwgen: {folder}: {sentence}", file=sys.stderr)


@app.command()
def prove(folder: Design, as_json: AsJson = False) -> None:
    """Prove from the Verilog alone that a design is its network.

    Writes proof.json. Where there is C++ in hls/, from that alone too; writes hls/proof.json.
    """
    with mistakes():
        from hwgen.prove.cpp.run import has_cpp, prove_cpp_folder
        from hwgen.prove.run import prove as prove_design

        with _changes_told(folder), spinner("prove") as progress:
            certificate = prove_design(folder, progress)
            if has_cpp(folder):
                progress("C++")
            cpp = prove_cpp_folder(folder) if has_cpp(folder) else None
        document, verdict = certificate.to_json(), certificate.verdict()
        if cpp is not None:
            document, verdict = document | {"hls": cpp.to_json()}, f"{verdict}\n{cpp.verdict()}"
        show(document, as_json, lambda: verdict)
        if not certificate.proved or (cpp is not None and not cpp.proved):
            raise typer.Exit(VerifyError.exit_status)


@app.command()
def synth(
    folder: Design,
    target: SynthTarget = None,
    pnr: Place = False,
    part: PartName = None,
    as_json: AsJson = False,
) -> None:
    """Synthesise with Yosys, and place with nextpnr.

    Counts and clock go to synth/TARGET.json.
    """
    with mistakes():
        from hwgen.report.synthesis import synthesis_table
        from hwgen.synth.run import synthesise

        chosen = _target_of(folder) if target is None else target.value
        with _changes_told(folder), spinner(f"synthesise for {chosen}") as progress:
            result = synthesise(folder, chosen, pnr, part=part, announce=progress)
        document = result.to_json()
        show(document, as_json, lambda: synthesis_table(document))


def _target_of(folder: Path) -> str:
    from hwgen.json_file import load_json

    try:
        return str(load_json(folder / "design.json")["target"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        ) from None


@app.command()
def report(folder: Design, as_json: AsJson = False) -> None:
    """Write report.html and report.json.

    The page has no links to anywhere. Exit status 1 where a check failed, a result is stale or
    files were changed since the build.
    """
    with mistakes():
        from hwgen.report.page import make_report
        from hwgen.report.synthesis import report_text

        page = make_report(folder)
        document = json.loads(page.with_suffix(".json").read_text())
        show(document, as_json, lambda: report_text(document, folder))
        if not as_json:
            print(page)
        if not document["holds"]:
            raise typer.Exit(VerifyError.exit_status)


for command in (boards, board, run, package):
    app.command()(command)


if __name__ == "__main__":
    app()
