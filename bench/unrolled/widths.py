"""Bits of accumulators and adders of a real net, by every rule that a tool can size them with.

    python bench/unrolled/widths.py [--json] [--plot FILE.svg] [--target ecp5] [MODEL]

MODEL is a model.pt whose net is a chain of dense layers; `make demo` leaves the default one. All
rules size the same adder graphs, those that `hwgen build --style unrolled` plans:

    32-bit           every sum in 32 bits
    data type        the layer's sums by the types of inputs and weights (A2Q+ eq. 20 to 22)
    layer            the layer's worst channel, from its exact weights (FINN's rule)
    channel          each channel from its exact weights, two's complement; an adder that several
                     channels share has the bits of the widest
    node             each adder has exactly its own range, each accumulator its span, over the input
                     types of the layer
    reachable range  the same over what the inputs can really reach, through the whole net: as built
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from hwgen.bounds import data_type_bits, exact_signed_bits, offset_bits
from hwgen.flow import load
from hwgen.ir import Dense, Graph
from hwgen.numeric import Range
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.adder_graph import AdderGraph, Operand, complement_constant
from hwgen.plan.stages.stage import UnrolledDense
from hwgen.report.markup import Markup, tag
from hwgen.report.svg import Scale, bottom_axis, plot, rect, text, ticks

DEFAULT = Path("rtl_out/digits.pt")
RULES = ("32-bit", "data type", "layer", "channel", "node", "reachable range")
COLOURS = ".label,.tick{font:12px system-ui,sans-serif;fill:#555}.grid{stroke:#ddd}"
COLOURS += ".sums{fill:#2a6fb0}.adders{fill:#9db8d2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bits by one rule: of the accumulator of each channel, and of each adder."""

    accumulators: tuple[int, ...]
    adders: tuple[int, ...]


class Forms:
    """What the nodes of an adder graph are of its inputs, over other ranges of these."""

    def __init__(self, graph: AdderGraph, inputs: list[Range]) -> None:
        count = len(inputs)
        self.inputs = inputs
        self.rows = list(np.eye(count, dtype=np.int64))
        self.ranges = list(inputs)
        self._constants = [0] * count
        for adder in graph.adders:
            row, constant = np.zeros(count, np.int64), 0
            for operand, sign in adder.signed_operands:
                part, plus = self._operand(operand)
                row, constant = row + sign * part, constant + sign * plus
            ends = [
                sorted((int(w) * limits.lo, int(w) * limits.hi))
                for w, limits in zip(row, inputs, strict=True)
            ]
            lo, hi = constant + sum(e[0] for e in ends), constant + sum(e[1] for e in ends)
            # a constant in a carry chain puts the range where the plan wants it; so it does here
            moved = adder.lo - lo if adder.constant else 0
            self.rows.append(row)
            self._constants.append(constant + moved)
            self.ranges.append(Range(lo + moved, hi + moved))

    def _operand(self, operand: Operand) -> tuple[np.ndarray, int]:
        row, constant = self.rows[operand.node], self._constants[operand.node]
        if operand.inverted:
            row, constant = -row, complement_constant(self.ranges[operand.node]) - constant
        return row << operand.shift, constant << operand.shift


def sizes(node: Dense, source: Range, stage: UnrolledDense) -> dict[str, Sizes]:
    """Give a layer's bits by every rule."""
    graph, totals = stage.graph, node.totals(source)
    count = len(graph.adders)
    flips = [
        1 << (lane.bits - 1) if graph.flipped and lane.signed else 0 for lane in stage.inputs.lanes
    ]
    forms = Forms(graph, [Range(source.lo + flip, source.hi + flip) for flip in flips])
    exact = [exact_signed_bits(total) for total in totals]
    by_type = data_type_bits(node.weight.shape[1], source.type, node.weight_bits)
    widest = max(exact)
    return {
        "32-bit": Sizes(accumulators=(32,) * len(totals), adders=(32,) * count),
        "data type": Sizes(accumulators=(by_type,) * len(totals), adders=(by_type,) * count),
        "layer": Sizes(accumulators=(widest,) * len(totals), adders=(widest,) * count),
        "channel": Sizes(accumulators=tuple(exact), adders=_by_reader(graph, exact)),
        "node": Sizes(
            accumulators=tuple(
                offset_bits(total, node.divisor(row)) for row, total in enumerate(totals)
            ),
            adders=tuple(limits.bits for limits in forms.ranges[len(graph.inputs) :]),
        ),
        "reachable range": Sizes(
            accumulators=tuple(lane.bits for lane in stage.outputs.lanes),
            adders=tuple(adder.range.bits for adder in graph.adders),
        ),
    }


def _by_reader(graph: AdderGraph, channels: list[int]) -> tuple[int, ...]:
    """Give each adder the bits of the widest channel that it is part of."""
    first = len(graph.inputs)
    bits = [0] * (first + len(graph.adders))
    for output, width in zip(graph.outputs, channels, strict=True):
        if output.node >= 0:
            bits[output.node] = max(bits[output.node], width)
    for index in reversed(range(len(graph.adders))):
        for operand, _ in graph.adders[index].signed_operands:
            bits[operand.node] = max(bits[operand.node], bits[first + index])
    return tuple(bits[first:])


def reach(graph: Graph, layer: Layer) -> dict[str, int]:
    """Count what cannot happen in a layer: thresholds, top codes, changes of a channel."""
    if layer.thresholds is None:
        return {}
    pairs = list(zip(layer.thresholds, layer.totals, strict=True))
    top = layer.code_lo + layer.thresholds.shape[1]
    return {
        "thresholds": layer.thresholds.size,
        "never_reached": sum(int((t > total.hi).sum()) for t, total in pairs),
        "always_reached": sum(int((t <= total.lo).sum()) for t, total in pairs),
        "channels": layer.rows,
        "channels_below_top_code": sum(limits.hi < top for limits in layer.outputs),
        "constant_channels": sum(limits.span == 0 for limits in layer.outputs),
    }


def measure(path: Path, target: str) -> dict[str, object]:
    """Give the whole document."""
    graph = load(path)
    plan = plan_design(graph, BuildOptions(style="unrolled", target=target))
    stages = [stage for stage in plan.stages if isinstance(stage, UnrolledDense)]
    rows, layers = [], []
    for layer, stage in zip(layers_of(graph), stages, strict=True):
        node = next(n for n in graph.nodes if isinstance(n, Dense) and n.name == layer.name)
        found = sizes(node, graph.source(node).range, stage)
        layers.append({"layer": layer.name, **reach(graph, layer)})
        rows += [_row(layer.name, rule, found) for rule in RULES]
    keys = ("accumulator_bits", "adder_bits", "accumulators", "adders")
    for rule in RULES:
        parts = [row for row in rows if row["rule"] == rule]
        whole = {key: sum(part[key] for part in parts) for key in keys}
        widest = {"widest": max(part["widest"] for part in parts)}
        rows.append({"case": "whole net", "rule": rule, **whole, **widest})
    for row in rows:
        plain = next(r for r in rows if r["case"] == row["case"])
        row["ours"], row["baseline"] = row["adder_bits"], plain["adder_bits"]
        row["ratio"] = round(row["ours"] / row["baseline"], 3) if row["baseline"] else None
    return {"model": path.name, "target": target, "rows": rows, "reach": layers}


def _row(case: str, rule: str, found: dict[str, Sizes]) -> dict[str, object]:
    size = found[rule]
    return {
        "case": case,
        "rule": rule,
        "accumulators": len(size.accumulators),
        "accumulator_bits": sum(size.accumulators),
        "widest": max(size.accumulators),
        "adders": len(size.adders),
        "adder_bits": sum(size.adders),
    }


def drawing(document: dict[str, object]) -> str:
    """Draw the whole net's bits, two bars a rule, as a file of its own."""
    rows = [row for row in document["rows"] if row["case"] == "whole net"]
    most = max(row[key] for row in rows for key in ("accumulator_bits", "adder_bits"))
    scale = Scale(low=0, high=most, start=105, end=310)
    bottom = 44.0 * len(rows)
    shapes = [bottom_axis(scale, ticks(most, 4), bottom, "bits, whole net", 0)]
    for number, row in enumerate(rows):
        y = 44.0 * number
        shapes.append(text(98, y + 25, row["rule"], "label", "end"))
        bars = (("accumulator_bits", "sums", 6), ("adder_bits", "adders", 22))
        for key, kind, down in bars:
            length = scale.at(row[key]) - scale.start
            shapes.append(rect(scale.start, y + down, length, 13, kind, f"{key}: {row[key]}"))
            shapes.append(text(scale.start + length + 5, y + down + 11, f"{row[key]:,}"))
    title = "Bits of accumulators (dark) and adders (light) by rule"
    svg = plot("widths", bottom + 34, title, title, tag("style", Markup(COLOURS)), *shapes)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def print_table(document: dict[str, object]) -> None:
    """The rows for people."""
    table = Table(title=f"{document['model']}: bits by rule, graphs for {document['target']}")
    for column in ("layer", "rule", "accumulators", "widest", "adders", "to 32-bit adders"):
        table.add_column(column, justify="left" if column in ("layer", "rule") else "right")
    for row in document["rows"]:
        keys = ("case", "rule", "accumulator_bits", "widest", "adder_bits", "ratio")
        table.add_row(*(str(row[key]) for key in keys))
    console = Console()
    console.print(table)
    for item in document["reach"]:
        console.print(", ".join(f"{key} {value}" for key, value in item.items()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", type=Path, help="write a plot as SVG")
    parser.add_argument("--target", default="ecp5", choices=TARGETS)
    parser.add_argument("model", type=Path, nargs="?", default=DEFAULT)
    args = parser.parse_args()
    document = measure(args.model, args.target)
    if args.plot:
        args.plot.write_text(drawing(document), encoding="utf-8")
    if args.json:
        print(json.dumps(document, indent=1))
    else:
        print_table(document)


if __name__ == "__main__":
    main()
