"""The command line: arguments in, calls, printed result, exit status; it decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwgen import __version__
from hwgen.errors import HwgenError, ModelError, VerifyError

if TYPE_CHECKING:
    from hwgen.ir import Graph

REDIRECTED_WIDTH = 160  # columns of a table where the output is no terminal
BUILD_EXAMPLES = """\b
Examples:
  hwgen build model.pt -o out
      unrolled where the network is small
  hwgen build model.pt -o out --style folded --pe 8 --simd 2
      16 multipliers a layer
  hwgen build model.pt -o out --fps 200000 --clock-mhz 50
      the fewest LUTs that keep up; layers are balanced, styles may be mixed
  hwgen build model.pt -o out --max-luts 2000 --target ecp5
      the fastest design that fits
  hwgen build model.pt -o out2 --plan out/plan.json
      a plan whose choices or stages were edited
"""

app = typer.Typer(
    help="From a quantized neural network to overflow-proof, LUT-frugal FPGA logic.\n\n"
    "A session: `python -m training digits`, `hwgen inspect model.pt`, "
    "`hwgen build model.pt -o out`, `hwgen sim out`, `hwgen prove out`, "
    "`hwgen synth out --target ecp5 --pnr`, `hwgen report out`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class TargetName(StrEnum):
    """FPGA families."""

    xc7 = "xc7"
    ice40 = "ice40"
    ecp5 = "ecp5"


class StyleName(StrEnum):
    """How layers are built."""

    auto = "auto"
    unrolled = "unrolled"
    folded = "folded"


class EffortName(StrEnum):
    """How long the planner searches."""

    low = "low"
    normal = "normal"
    high = "high"


class SimulatorName(StrEnum):
    """Simulators."""

    verilator = "verilator"
    icarus = "icarus"


Model = Annotated[Path, typer.Argument(help="A model file (.pt) or an integer matrix (.npy).")]
Design = Annotated[Path, typer.Argument(help="A design folder that `hwgen build` wrote.")]
InputType = Annotated[
    str | None,
    typer.Option("--input", help="Type of a matrix's inputs: u or s and bits, such as u4, s8."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@contextmanager
def _mistakes() -> Iterator[None]:
    """Turn a user's mistake into one sentence on stderr and its exit status."""
    try:
        yield
    except HwgenError as error:
        for line in str(error).splitlines():
            print(f"hwgen: {line}", file=sys.stderr)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        print("hwgen: interrupted; nothing half-written was left", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr that names the step under way."""
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda step: status.update(f"{title}: {step}")


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    """Show on stderr the step under way, the share that is done, and the time."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("read the network", total=1.0)

        def advance(step: str, share: float) -> None:
            progress.update(task, description=step, completed=share)

        yield advance


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


def _load(model: Path, inputs: str | None) -> Graph:
    from hwgen.flow import load
    from hwgen.numeric import IntType

    try:
        kind = None if inputs is None else IntType.parse(inputs)
    except ValueError as error:
        raise ModelError(f"--input: {error}") from None
    return load(model, kind)


@app.command()
def inspect(model: Model, inputs: InputType = None, as_json: AsJson = False) -> None:
    """Show layers, shapes, bits, sparsity, norms and every accumulator bound; writes nothing."""
    with _mistakes():
        from hwgen.report.inspection import inspection, inspection_table

        document = inspection(_load(model, inputs))
        _print(document, as_json, lambda: inspection_table(document))


@app.command(epilog=BUILD_EXAMPLES)
def build(
    model: Model,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Design folder [default: rtl_out/NAME]."),
    ] = None,
    inputs: InputType = None,
    target: Annotated[TargetName, typer.Option(help="FPGA family.")] = TargetName.xc7,
    style: Annotated[
        StyleName,
        typer.Option(
            help="unrolled: a vector every cycle. folded: few multipliers, many cycles. auto: "
            "unrolled where all is small, or a mix for a goal."
        ),
    ] = StyleName.auto,
    accumulator: Annotated[
        str,
        typer.Option(
            help="offset: registers start at their own offset, as narrow as can be. signed: exact "
            "two's complement. A number: that many bits, as a baseline."
        ),
    ] = "offset",
    pe: Annotated[
        int | None, typer.Option(min=1, help="Folded: rows in parallel [default: 4].")
    ] = None,
    simd: Annotated[
        int | None, typer.Option(min=1, help="Folded: products in parallel a row [default: 1].")
    ] = None,
    no_skip: Annotated[
        bool, typer.Option("--no-skip", help="Folded: spend cycles on zero weights too.")
    ] = False,
    pipeline: Annotated[
        str,
        typer.Option(
            help="Unrolled: adder levels between registers, none, or auto: what --clock-mhz needs, "
            "else 2."
        ),
    ] = "auto",
    clock_mhz: Annotated[
        float,
        typer.Option(
            min=0, help="The clock in MHz: --fps is meant at it, registers are placed for it."
        ),
    ] = 0.0,
    fps: Annotated[
        int | None,
        typer.Option(min=1, help="Goal: vectors a second, with the fewest LUTs; with --clock-mhz."),
    ] = None,
    max_luts: Annotated[
        int | None, typer.Option(min=1, help="Goal: the fastest design within so many LUTs.")
    ] = None,
    max_brams: Annotated[
        int | None, typer.Option(min=0, help="With --max-luts: block RAMs at the most.")
    ] = None,
    effort: Annotated[
        EffortName, typer.Option(help="How long to search for shared sums.")
    ] = EffortName.normal,
    plan: Annotated[
        Path | None, typer.Option(help="Build this plan.json, perhaps edited, instead of planning.")
    ] = None,
) -> None:
    """Write a design folder: Verilog, plan, vectors and a simulation bench."""
    with _mistakes():
        from hwgen.flow import build as build_design
        from hwgen.plan.balance import balance_sentences
        from hwgen.plan.options import BuildOptions
        from hwgen.plan.planned_layer import identifier

        options = BuildOptions(
            target=target.value,
            style=style.value,
            accumulator=accumulator,
            pe=pe,
            simd=simd,
            skip=not no_skip,
            pipeline=pipeline,
            clock_mhz=clock_mhz,
            effort=effort.value,
            fps=fps,
            max_luts=max_luts,
            max_brams=max_brams,
        )
        graph = _load(model, inputs)
        folder = Path("rtl_out") / identifier(graph.name) if output is None else output
        with _bar() as progress:
            planned = build_design(graph, options, folder, plan, progress)
        layers = ", ".join(f"{layer.name} {layer.style}" for layer in planned.layers)
        print(
            f"{folder}: {layers}; latency {planned.latency_cycles} cycles, "
            f"a vector every {planned.interval_cycles}"
        )
        for sentence in balance_sentences(planned):
            print(sentence)


@app.command()
def sim(
    folder: Design,
    simulator: Annotated[
        SimulatorName, typer.Option(help="verilator comes with hwgen; icarus if installed.")
    ] = SimulatorName.verilator,
    samples: Annotated[
        int, typer.Option(min=0, help="Vectors of the whole design; 0: as many as take a moment.")
    ] = 0,
    seed: Annotated[
        int, typer.Option(help="Of stalls and random vectors; 0: the folder's own vectors.")
    ] = 0,
    waves: Annotated[bool, typer.Option("--waves", help="Keep a wave file in sim/build.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the gates with the integer reference, bit for bit, with stalls and a reset."""
    with _mistakes():
        from hwgen.flow import fresh_vectors
        from hwgen.simulate import simulate

        with _progress(f"simulate in {simulator.value}"):
            result = simulate(
                folder,
                simulator=simulator.value,
                samples=samples,
                seed=seed,
                vectors=fresh_vectors(folder, seed, samples) if seed else None,
                waves=waves,
            )
        _print(result.to_json(), as_json, lambda: _sim_text(result))
        if not result.passed:
            raise typer.Exit(1)


def _sim_text(result: Any) -> str:
    lines = [
        f"{name}: {'equal' if reason is None else reason}" for name, reason in result.tests.items()
    ]
    verdict = "passed" if result.passed else "FAILED"
    lines.append(
        f"{verdict} in {result.simulator}: {result.vectors} vectors of the whole design; latency "
        f"{result.latency_cycles} cycles, interval {result.interval_cycles}"
    )
    return "\n".join(lines)


@app.command()
def prove(folder: Design, as_json: AsJson = False) -> None:
    """Prove from the Verilog alone that a design is its network; writes proof.json."""
    with _mistakes():
        from hwgen.prove.run import prove as prove_design

        with _progress("prove") as progress:
            certificate = prove_design(folder, progress)
        _print(certificate.to_json(), as_json, certificate.verdict)
        if not certificate.proved:
            raise typer.Exit(VerifyError.exit_status)


@app.command()
def synth(
    folder: Design,
    target: Annotated[
        TargetName | None, typer.Option(help="FPGA family [default: the design's own].")
    ] = None,
    pnr: Annotated[
        bool, typer.Option("--pnr", help="Place and route too, for the clock (ecp5, ice40).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Synthesise with Yosys, place with nextpnr; counts and clock go to synth/TARGET.json."""
    with _mistakes():
        from hwgen.report.synthesis import synthesis_table
        from hwgen.synth.run import synthesise

        chosen = _target_of(folder) if target is None else target.value
        with _progress(f"synthesise for {chosen}") as progress:
            result = synthesise(folder, chosen, pnr, announce=progress)
        document = result.to_json()
        _print(document, as_json, lambda: synthesis_table(document))


def _target_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "design.json").read_text())["target"])
    except (OSError, ValueError, KeyError):
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        ) from None


@app.command()
def report(folder: Design, as_json: AsJson = False) -> None:
    """Write report.html, one page without links to anywhere, and report.json."""
    with _mistakes():
        from hwgen.report.page import make_report
        from hwgen.report.synthesis import layer_table

        page = make_report(folder)
        document = json.loads(page.with_suffix(".json").read_text())
        _print(document, as_json, lambda: layer_table(document))
        if not as_json:
            print(page)


def _print(document: dict[str, Any], as_json: bool, text: Callable[[], Any]) -> None:
    if as_json:
        print(json.dumps(document, indent=1))
        return
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else REDIRECTED_WIDTH)
    console.print(text(), markup=False, highlight=False)


if __name__ == "__main__":
    app()
