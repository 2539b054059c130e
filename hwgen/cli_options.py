"""The options of the command line: what each is called, takes and says of itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
  hwgen build model.onnx -o out --input u8 --input-scale 1/255
      a network of another tool whose input has no quantizer
  hwgen build model.pt -o out --board icebreaker
      the fewest LUTs that keep up with the board's serial line
  hwgen build model.pt -o out2 --plan out/plan.json
      a plan whose choices or stages were edited
"""


class TargetName(StrEnum):
    """FPGA families."""

    xc7 = "xc7"
    ice40 = "ice40"
    ecp5 = "ecp5"
    gowin = "gowin"


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


class SubpixelName(StrEnum):
    """Whether convolutions are computed in front of the enlargement that they read."""

    auto = "auto"
    always = "always"
    never = "never"


class SimulatorName(StrEnum):
    """Simulators."""

    verilator = "verilator"
    icarus = "icarus"
    cpp = "cpp"


Model = Annotated[
    Path,
    typer.Argument(
        help="A model file (.pt), another tool's network (.onnx) or an integer matrix (.npy)."
    ),
]
ImportedModel = Annotated[Path, typer.Argument(help="A network of another tool (.onnx).")]
CheckSamples = Annotated[int, typer.Option(min=1, max=100_000, help="How many inputs.")]
CheckData = Annotated[
    Path | None,
    typer.Option(help="Inputs of the file (.npy) [default: random codes, the extreme ones too]."),
]
CheckLabels = Annotated[
    Path | None, typer.Option(help="The class of each input (.npy), for the accuracy of both.")
]
BuildData = Annotated[
    Path | None,
    typer.Option(
        help="Of an .onnx: inputs of the file (.npy), of which the first 100 are simulated too."
    ),
]
BuildLabels = Annotated[
    Path | None, typer.Option(help="With --data: the class of each input (.npy).")
]
CheckDesign = Annotated[
    Path | None,
    typer.Option(help="The folder that was built of the file: its report shows what is found."),
]
Design = Annotated[Path, typer.Argument(help="A design folder that `hwgen build` wrote.")]
InputType = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="Type of the inputs of a matrix, or of an .onnx without a quantizer there: u or s and "
        "bits, such as u4, s8.",
    ),
]
InputScale = Annotated[
    str | None,
    typer.Option(
        help="Of an .onnx, with --input: what a step of these integers is worth, such as 1/255, "
        "0.25 or 2**-10 [default: 1]."
    ),
]
Label = Annotated[
    bool, typer.Option("--label", help="Of an .onnx: give the index of the largest score.")
]
AccumulatorTarget = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Of an .onnx: bits of an accumulator that training promised; refuse what needs more.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Design folder [default: rtl_out/NAME]."),
]
Target = Annotated[
    TargetName | None, typer.Option(help="FPGA family [default: the board's, else xc7].")
]
Style = Annotated[
    StyleName,
    typer.Option(
        help="unrolled: a vector every cycle. folded: few multipliers, many cycles. auto: "
        "unrolled where all is small, or a mix for a goal."
    ),
]
AccumulatorRule = Annotated[
    str,
    typer.Option(
        help="offset: registers start at their own offset, as narrow as can be. signed: exact "
        "two's complement. A number: that many bits, as a baseline."
    ),
]
Pe = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Folded: rows in parallel. Without --pe, --simd and --pixels a layer has 4 "
        "multipliers: neighbouring windows where these divide a row, else rows; with --simd alone "
        "4 rows, with --pixels alone one.",
    ),
]
Simd = Annotated[
    int | None, typer.Option(min=1, help="Folded: products in parallel a row [default: 1].")
]
Pixels = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Folded convolutions: neighbouring windows in parallel, at most: each layer takes "
        "the largest number up to it that divides its rows [default: 1 with --pe or --simd].",
    ),
]
NoSkip = Annotated[
    bool, typer.Option("--no-skip", help="Folded: spend cycles on zero weights too.")
]
Subpixel = Annotated[
    SubpixelName,
    typer.Option(
        help="Folded: compute a convolution that reads a nearest upsampling in front of it, with "
        "fewer products. auto: where that takes less."
    ),
]
Pipeline = Annotated[
    str,
    typer.Option(
        help="Adder levels between registers of unrolled layers, and of products behind folded "
        "ones; none, or auto: what --clock-mhz needs, else 2."
    ),
]
ClockMhz = Annotated[
    float,
    typer.Option(
        min=0,
        help="The clock in MHz: --fps is meant at it, registers are placed for it; with --board "
        "the board's, or what its PLL makes.",
    ),
]
Fps = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Goal: vectors a second, with the fewest LUTs; with --clock-mhz or --board.",
    ),
]
MaxLuts = Annotated[
    str | None,
    typer.Option(
        help="Goal: the fastest design within so many LUTs; with --board also: part, what the "
        "board holds beside its link."
    ),
]
BuildBoard = Annotated[
    str | None,
    typer.Option(
        "--board",
        help="Build for a board of `hwgen boards`, or a TOML file: its part as budget, its clock, "
        "and the fewest LUTs that keep up with the serial line where no goal is named.",
    ),
]
Baud = Annotated[int, typer.Option(help="Of the serial line, in bits a second.")]
BuildBaud = Annotated[
    int | None,
    typer.Option(help="With --board: of its serial line, in bits a second [default: 1000000]."),
]
MaxBrams = Annotated[
    int | None,
    typer.Option(min=0, help="Block RAMs at the most; memories beyond go to LUTs, cheapest first."),
]
LutsPerBram = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="LUTs that a block RAM must save to be taken [default: what the target's parts have "
        "for each, 200 on xc7 (halves of 18 kbit) and ice40, 400 on ecp5].",
    ),
]
Effort = Annotated[
    EffortName, typer.Option(help="How long to search for shared sums and for schedules.")
]
EditedPlan = Annotated[
    Path | None, typer.Option(help="Build this plan.json, perhaps edited, instead of planning.")
]
Hls = Annotated[bool, typer.Option("--hls", help="Write HLS C++ of the same plan too, in hls/.")]
Simulator = Annotated[
    SimulatorName,
    typer.Option(help="verilator comes with hwgen; icarus if installed; cpp: the C++ of --hls."),
]
Samples = Annotated[
    int, typer.Option(help="Vectors of the whole design; 0: as many as take a moment.")
]
Seed = Annotated[
    int, typer.Option(help="Of stalls and random vectors; 0: the folder's own vectors.")
]
Waves = Annotated[bool, typer.Option("--waves", help="Keep a wave file in sim/build.")]
SynthTarget = Annotated[
    TargetName | None, typer.Option(help="FPGA family [default: the design's own].")
]
PartName = Annotated[
    str | None,
    typer.Option(
        "--part",
        help="With --pnr: a part of the family (ice40: hx1k, hx8k, up5k; ecp5: lfe5u-25k, "
        "lfe5u-45k, lfe5u-85k; gowin: gw1n-9c, gw2a-18c) [default: the smallest that holds it, "
        "up5k never].",
    ),
]
Place = Annotated[
    bool, typer.Option("--pnr", help="Place and route too, for the clock (ecp5, ice40, gowin).")
]
