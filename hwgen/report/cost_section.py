"""Section of a report on what the design takes: LUTs by layer, and all resources by target."""

from __future__ import annotations

from hwgen.report.contents import Report
from hwgen.report.finn_estimate import FinnUnit
from hwgen.report.folding import FOLDING, folding
from hwgen.report.layer_report import LayerReport
from hwgen.report.layer_sections import section
from hwgen.report.lut_plot import luts_plot
from hwgen.report.markup import (
    Column,
    Content,
    Markup,
    command,
    count,
    join,
    megahertz,
    percent,
    table,
    tag,
)
from hwgen.report.results import Synthesis


def cost_section(report: Report) -> Markup:
    """LUTs by layer and target, resources by target, and FINN's model where layers are folded."""
    parts: list[Content] = []
    if "synthesis" in report.missing:
        how = command(report.missing["synthesis"])
        target = report.design.target
        parts.append(tag("p", join([f"Not synthesised for {target} yet; do it with ", how, "."])))
    apart = [s for s in report.syntheses if all(s.target in x.luts for x in report.layers)]
    if apart:
        legend = (
            "In the plot the layers stand in their order, by number; the line is the whole "
            "design, synthesised without borders. A LUT has six inputs on xc7 and four on ecp5 and "
            "ice40."
        )
        figure = tag("figure", luts_plot(report, apart))
        side = tag("div", _breakdown(report, apart), tag("p.note", legend))
        parts.append(tag("div.pair", figure, side))
    if report.syntheses:
        parts.append(_resources(report))
    if any(layer.finn is not None for layer in report.layers):
        parts.append(_finn(report))
    return section("cost", "Resources", *parts)


def _breakdown(report: Report, syntheses: list[Synthesis]) -> Markup:
    """LUTs of layers, glue and boundary, which add up to the whole."""
    names = [f"{number}. {layer.built.name}" for number, layer in enumerate(report.layers, 1)]
    lines: list[tuple[str, list[int | None]]] = [
        (name, [layer.luts[s.target].total for s in syntheses])
        for name, layer in zip(names, report.layers, strict=True)
    ]
    lines += [
        ("glue of the top module", [s.glue.luts if s.glue else None for s in syntheses]),
        ("across borders", [s.boundary.luts if s.boundary else None for s in syntheses]),
        ("whole design", [s.total.luts for s in syntheses]),
    ]
    columns = [
        Column(title="part", number=False),
        *(Column(title=f"LUTs, {s.target}") for s in syntheses),
    ]
    rows = [[name, *("none" if n is None else count(n) for n in cells)] for name, cells in lines]
    note = (
        "“Across borders” is what synthesis saves (negative) or adds when it optimises across the "
        "borders of the layers; with it the parts add up to the whole."
    )
    return join([table("LUTs by layer", columns, rows), tag("p.note", note)])


def _resources(report: Report) -> Markup:
    columns = [
        Column(title="target", number=False),
        *(Column(title=t) for t in ("LUTs", "flip-flops", "carry cells", "block RAMs")),
        *(Column(title=t) for t in ("block RAM bits", "DSP blocks", "clock")),
        *(Column(title=t, number=False) for t in ("part", "tools")),
    ]
    rows = []
    for synthesis in report.syntheses:
        total = synthesis.total
        clock = "not placed" if synthesis.fmax_mhz is None else megahertz(synthesis.fmax_mhz)
        numbers = (total.luts, total.ffs, total.carries, total.brams, total.bram_bits, total.dsps)
        tools = ", ".join(synthesis.tools.values())
        rows.append(
            [synthesis.target, *map(count, numbers), clock, synthesis.part or "none", tools]
        )
    notes = [f"{s.target}: {s.note}" for s in report.syntheses if s.note is not None]
    return join(
        [
            tag("h3", "By target"),
            table("Resources of the whole design, by target", columns, rows),
            *(tag("p.note", note) for note in notes),
        ]
    )


def _finn(report: Report) -> Markup:
    """Put the folded layers beside FINN's model."""
    measured = any("xc7" in layer.luts for layer in report.layers)
    columns = [
        Column(title="layer", number=False),
        Column(title=FOLDING),
        *([Column(title="LUTs here, xc7")] if measured else []),
        Column(title="FINN's model (estimate)"),
        *([Column(title="here, of FINN's model")] if measured else []),
        Column(title="cycles here"),
        Column(title="cycles in FINN"),
    ]
    rows = [
        _finn_row(number, layer, layer.finn, measured)
        for number, layer in enumerate(report.layers, 1)
        if layer.finn is not None
    ]
    note = (
        "FINN's figures are an analytic estimate of another tool, not a measurement: the formula "
        "by which FINN predicts its HLS matrix-vector unit (after FINN-R, arXiv 1809.04570), for "
        "the same multipliers (windows side by side as further PEs), weights and thresholds in "
        "LUTs, no DSP blocks, the accumulator of the layer's worst channel; foldings that FINN "
        "does not allow are rounded up, and layers without weights left out. It counts "
        "six-input LUTs, so only xc7 compares. An argmax is counted here and not by FINN; FINN "
        "spends cycles on zero weights too."
    )
    return join(
        [
            tag("h3", "Folded layers beside FINN's analytic model"),
            table("LUTs of folded layers and FINN's estimate", columns, rows),
            tag("p.note", note),
        ]
    )


def _finn_row(number: int, layer: LayerReport, finn: FinnUnit, measured: bool) -> list[Content]:
    row: list[Content] = [
        f"{number}. {layer.built.name}",
        folding(layer.built),
    ]
    luts = layer.luts.get("xc7")
    if not measured:
        row.append(count(finn.luts))
    elif luts is None:
        row += ["not kept apart", count(finn.luts), "not known"]
    else:
        row += [count(luts.total), count(finn.luts), percent(luts.total / finn.luts)]
    return [*row, count(layer.built.cycles), count(finn.sample_cycles)]
