"""Sections of a report for the one who uses the design: its ports, and how it was made."""

from __future__ import annotations

import json
from typing import Any

from hwgen import __version__
from hwgen.report.contents import Report
from hwgen.report.design_folder import Port
from hwgen.report.layer_sections import section
from hwgen.report.markup import TIMES, Column, Content, Markup, count, join, table, tag
from hwgen.report.port_values import port_values

LONGEST_VALUE = 200  # characters of a metadata value that are shown


def interface_section(report: Report) -> Markup:
    """Ports, signals and the commands that run the design again."""
    columns = [
        Column(title="port", number=False),
        Column(title="direction", number=False),
        Column(title="tdata bits"),
        Column(title="lanes a beat"),
        Column(title="type of a lane", number=False),
        Column(title=f"map, rows {TIMES} columns"),
        Column(title="beats a sample"),
        Column(title="elements a sample"),
    ]
    design = report.design
    rules = [
        f"{design.clock}: the one clock, rising edge.",
        "aresetn: synchronous reset, active low.",
        "s_axis, m_axis: AXI4-Stream with tdata, tvalid, tready and tlast; tlast marks the last "
        "beat of a sample.",
        "Within tdata, lane 0 has the lowest bits; lanes lie side by side without gaps, and tdata "
        "is padded to whole bytes.",
    ]
    if any(port.image != (1, 1) for port in design.ports):
        rules.append(
            "A map travels row by row, position by position, the channels of a position in order: "
            "in one beat of all lanes, or in several of fewer. Maps follow without a gap, and the "
            "last one leaves without waiting for another."
        )
    synth = f"hwgen synth {report.folder} --target"
    commands = [f"hwgen sim {report.folder}"]
    if report.placed_target != design.target:
        commands.append(f"{synth} {design.target}")
    commands += [f"{synth} {report.placed_target} --pnr", f"hwgen report {report.folder}"]
    return section(
        "interface",
        "Interface",
        tag(
            "p",
            "Top module ",
            tag("code", design.top),
            " in ",
            tag("code", f"{design.name}.v"),
            ".",
        ),
        table("Ports", columns, [_port_row(port) for port in design.ports]),
        port_values(design.ports),
        tag("ul", *(tag("li", rule) for rule in rules)),
        tag("h3", "Run it again"),
        tag("pre", tag("code", "\n".join(commands))),
        tag("p.note", "Without hwgen: ", tag("code", "python sim/run.py"), " in the folder."),
    )


def _port_row(port: Port) -> list[Content]:
    direction = "in" if port.name.startswith("s_") else "out"
    numbers = (port.beats, port.elements)
    return [
        port.name,
        direction,
        count(port.tdata_bits),
        count(port.lanes),
        port.type,
        f"{port.image[0]} {TIMES} {port.image[1]}" if port.image != (1, 1) else "none",
        *map(count, numbers),
    ]


def provenance_section(report: Report) -> Markup:
    """Versions, the model's metadata, and the commands that were run."""
    design = report.design
    versions = [["hwgen, design", design.hwgen_version], ["hwgen, report", __version__]]
    if report.simulation is not None:
        versions.append(["simulator", report.simulation.simulator])
    if report.proof is not None:
        versions.append(["Yosys, proof", report.proof.tool])
    for synthesis in report.syntheses:
        versions += [[f"{n}, {synthesis.target}", v] for n, v in synthesis.tools.items()]
    words = [Column(title=title, number=False) for title in ("program", "version")]
    parts: list[Content] = [table("Programs", words, versions), _metadata(design.metadata)]
    parts.append(_files(report))
    if report.proof is not None and report.proof.problem is None:
        parts.append(tag("h3", "What the proof leaves open"))
        parts.append(tag("ul", *(tag("li", f"{rest}.") for rest in report.proof.does_not_prove)))
    for synthesis in report.syntheses:
        if synthesis.commands:
            lines = "\n".join(f"$ {line}" for line in synthesis.commands)
            parts.append(tag("h3", f"Commands for {synthesis.target}"))
            parts.append(tag("pre", tag("code", lines)))
    return section("provenance", "Provenance", *parts)


def _files(report: Report) -> Markup:
    """Say of which files this page is, as `sha256sum` shows them."""
    columns = [
        Column(title=title, number=False) for title in ("file", "SHA-256", "since the build")
    ]
    rows = [
        [name, value or "missing", "changed" if name in report.changed else "the same"]
        for name, value in report.files.items()
    ]
    return table("Files that this page is of", columns, rows)


def _metadata(metadata: Any) -> Markup:
    if not metadata:
        return tag("p", "The model carries no metadata; pass some to its export to see it here.")
    columns = [Column(title=title, number=False) for title in ("key", "value")]
    rows = [[key, _shown(value)] for key, value in metadata.items()]
    return join([table("Metadata of the model", columns, rows)])


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
