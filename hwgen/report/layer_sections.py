"""Sections of a report about its layers: the table, accumulator widths, weights."""

from __future__ import annotations

from hwgen.report.contents import Report
from hwgen.report.folding import FOLDING, folding
from hwgen.report.layer_report import LayerReport
from hwgen.report.markup import (
    TIMES,
    UNIT_SPACE,
    Column,
    Content,
    Markup,
    change,
    command,
    count,
    join,
    percent,
    table,
    tag,
)
from hwgen.report.weight_figures import WeightFigures
from hwgen.report.weight_plot import weights_plot
from hwgen.report.width_plots import TOTAL_LABELS, totals_plot, width_plot
from hwgen.report.widths import STANDARD_BITS


def section(ident: str, title: str, *children: Content) -> Markup:
    """Make a section that the list of contents points to."""
    heading = tag("h2", title)
    return tag("section", heading, *children, attributes={"id": ident})


def layers_section(report: Report) -> Markup:
    """Show the layers in a table."""
    targets = [s.target for s in report.syntheses]
    columns = [
        Column(title="layer", number=False),
        Column(title="kind", number=False),
        Column(title=f"outputs {TIMES}{UNIT_SPACE}inputs"),
        Column(title=FOLDING),
        Column(title="nonzero weights"),
        Column(title="zero weights"),
        Column(title="cycles"),
        Column(title="accumulator bits, least / mean / most"),
        Column(title="against 32 bits / data types"),
        *(Column(title=f"LUTs, {target} (share)") for target in targets),
    ]
    rows = [_layer_row(number, layer, targets) for number, layer in enumerate(report.layers, 1)]
    notes: list[Content] = [
        "PE: outputs summed in parallel. SIMD: products a cycle for each. A third number: windows "
        "side by side that are summed at once. Cycles: of the layer for one sample. LUTs include "
        "the thresholds or the argmax behind the matrix, and what joins the layer to the next; the "
        "share is of all layers and glue."
    ]
    if report.maps:
        notes.append(
            "On maps, outputs and inputs are those of one position; cycles and LUTs include the "
            "windows and poolings in front of the matrix."
        )
    if len(report.weighted) < len(report.layers):
        notes.append(
            "A layer without weights is a pooling or thresholds alone; its registers are none of "
            "the accumulators that are counted here."
        )
    if not targets:
        how = command(report.missing["synthesis"])
        notes.append(join(["LUTs are not known yet; find out with ", how, "."]))
    return section(
        "layers",
        "Layers",
        table("Layers as built", columns, rows),
        *(tag("p.note", note) for note in notes),
    )


def _layer_row(number: int, layer: LayerReport, targets: list[str]) -> list[Content]:
    built = layer.built
    shape = [f"{number}. {built.name}", f"{built.op}, {built.style}"]
    luts = [_luts_cell(layer, target) for target in targets]
    if layer.weights is None:
        nothing = ["none"] * 4
        return [*shape, *nothing, count(built.cycles), "none", "none", *luts]
    bits = layer.widths.built
    mean = sum(bits) / len(bits)
    return [
        *shape,
        f"{count(built.rows)} {TIMES} {count(built.columns)}",
        folding(built),
        count(layer.weights.nonzero),
        percent(layer.weights.sparsity),
        count(built.cycles),
        f"{min(bits)} / {mean:.1f} / {max(bits)}",
        f"{change(mean, STANDARD_BITS)} / {change(mean, layer.widths.data_type)}",
        *luts,
    ]


def _luts_cell(layer: LayerReport, target: str) -> str:
    luts = layer.luts.get(target)
    if luts is None:
        return "not kept apart"
    return f"{count(luts.total)} ({round(100 * luts.share)}{UNIT_SPACE}%)"


def widths_section(report: Report) -> Markup:
    """Accumulator widths: a plot a layer, and the sums."""
    intro = (
        "How many channels have registers of how many bits. Each strip is a rule; the taller the "
        "bar, the more channels. The rules take every value of the input's type as possible. "
        "Built registers may lie below “offset, exact” where inputs cannot use their whole type, "
        "and above it where channels share a register or are widened to be compared."
    )
    plots = [
        tag("figure", _caption(layer, weights, number), width_plot(layer, number))
        for number, (layer, weights) in report.weighted.items()
    ]
    return section(
        "widths", "Accumulator widths", tag("p", intro), tag("div.plots", *plots), _totals(report)
    )


def _caption(layer: LayerReport, weights: WeightFigures, number: int) -> Markup:
    built = layer.built
    types = f"inputs {layer.input_type}, weights s{weights.bits}"
    goal = f", trained for {weights.trained_for}" if weights.trained_for else ""
    words = f"{count(built.rows)} channels, {types}{goal}"
    return tag("figcaption", tag("strong", f"{number}. {built.name}"), f" {words}")


def _totals(report: Report) -> Markup:
    totals = report.totals
    rows = [
        [
            TOTAL_LABELS[rule],
            count(bits),
            "reference" if rule == "standard" else change(bits, totals["standard"]),
        ]
        for rule, bits in totals.items()
    ]
    columns = [
        Column(title="rule", number=False),
        Column(title="bits"),
        Column(title="against 32 bits"),
    ]
    folded = any(layer.built.style == "folded" for layer in report.layers)
    note = (
        " A folded layer has one register a PE, which its channels use in turn; a channel counts "
        "with the width of the register that it uses."
    )
    return join(
        [
            tag("h3", "All channels together"),
            tag(
                "div.pair",
                tag("figure", totals_plot(report)),
                table("Accumulator bits, summed over all channels", columns, rows),
            ),
            tag("p.note", f"A channel is one output of one layer.{note if folded else ''}"),
        ]
    )


def weights_section(report: Report) -> Markup:
    """Weights: a histogram a layer, and norms against the caps of training."""
    plots = []
    for number, (layer, weights) in report.weighted.items():
        zeros = count(weights.count - weights.nonzero)
        words = f" {zeros} of {count(weights.count)} are zero ({percent(weights.sparsity)})"
        caption = tag("figcaption", tag("strong", f"{number}. {layer.built.name}"), words)
        plots.append(tag("figure", caption, weights_plot(layer.built.name, weights, number)))
    return section("weights", "Weights", tag("div.plots", *plots), _norms(report))


def _norms(report: Report) -> Markup:
    """Show the l1 norms, with their cap where the model was trained for a number of bits."""
    columns = [
        Column(title="layer", number=False),
        Column(title="l1 norm of a channel, least / mean / most"),
        Column(title="trained for"),
        Column(title="cap on the norm"),
        Column(title="most, of the cap"),
    ]
    rows = []
    for number, (layer, weights) in report.weighted.items():
        norms, cap = weights.l1_norms, weights.cap
        mean = sum(norms) / len(norms)
        cells = [f"{number}. {layer.built.name}"]
        cells.append(f"{count(min(norms))} / {mean:,.1f} / {count(max(norms))}")
        if cap is None:
            cells += ["no target", "none", "none"]
        else:
            used = percent(max(norms) / cap) if cap else "cap is 0"
            cells += [weights.trained_for, count(cap), used]
        rows.append(cells)
    note = (
        "The l1 norm is the sum of a channel's weight magnitudes. Below the cap, every input fits "
        "the bits trained for: (2^P \N{MINUS SIGN} 1) / (largest \N{MINUS SIGN} smallest input) "
        "for offset registers, A2Q's bound for signed ones; or the units trained for. A signed "
        "channel with balanced signs, or one whose weights share a factor, may lie above its cap "
        "and still fit; what decides is the exact range."
    )
    return join([table("Norms of the weights", columns, rows), tag("p.note", note)])
