"""The files of a design in C++: what it offers, and its units and top."""

from __future__ import annotations

from hwgen import __version__
from hwgen.hls.design import Design, port_bits
from hwgen.hls.ports import bambu_interface, interface, prototype
from hwgen.hls.region import region
from hwgen.hls.text import indented
from hwgen.plan.stages.wiring import INPUT


def header_text(design: Design) -> str:
    """Give NAME.h: what a program that uses the design has to know."""
    plan = design.plan
    guard = f"{plan.name.upper()}_H"
    lines = [
        f"// {plan.name}: written by hwgen {__version__}. Do not edit: change plan.json and build "
        "again.",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        '#include "hwgen_types.h"',
        "",
        f"// A vector enters in {plan.inputs.beats} and leaves in {plan.outputs.beats} beats of "
        "these lanes, packed lowest lane in the lowest bits.",
        *design.x.declaration(),
        *(design.y.declaration() if design.y is not design.x else []),
        "",
        f"static const int {plan.name}_in_beats = {plan.inputs.beats};",
        f"static const int {plan.name}_out_beats = {plan.outputs.beats};",
        f"typedef ap_uint<{port_bits(plan.inputs)}> {plan.name}_in_word;",
        f"typedef ap_uint<{port_bits(plan.outputs)}> {plan.name}_out_word;",
        "",
    ]
    if design.is_combinational:
        lines += [
            "// The network as a function of lanes, to be called in a design of your own.",
            f"void {plan.name}_core(const {design.x.name} &x, {design.y.name} &y);",
            "",
        ]
    lines += ["// The network between two AXI4-Streams; a call is one vector.", prototype(plan)]
    return "\n".join([*lines[:-1], f"{lines[-1]};", "", f"#endif  // {guard}", ""])


def source_text(design: Design) -> str:
    """Give NAME.cpp: units, then the top."""
    plan = design.plan
    blocks = [
        [
            f"// {plan.name}: written by hwgen {__version__}. Do not edit: change plan.json and "
            "build again.",
            "// Every name has exactly the bits that its values need, so that no sum overflows; "
            "zero weights",
            "// take no part. Comments give the values of sums.",
            f'#include "{plan.name}.h"',
        ]
    ]
    for index, unit in design.units.items():
        if index in design.joins:
            blocks.append(design.joins[index].declaration())
        if index != len(plan.stages) - 1 and design.beats[index] is not design.y:
            blocks.append(unit.y.declaration())
        blocks += [list(lines) for lines in unit.functions]
    blocks += _core(design) if design.is_combinational else region(design)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _core(design: Design) -> list[list[str]]:
    """Give the top of a design whose units take a vector a beat: one pipelined function."""
    plan, last = design.plan, len(design.plan.stages)
    inside = {index: f"to_{unit.name}" for index, unit in design.units.items()}
    values = {INPUT: "x"}
    body = ["#pragma HLS PIPELINE II=1"]
    final = next(edge.source for edge in design.edges if edge.reader == last)
    for index, unit in design.units.items():
        sources = [e.source for e in design.edges if e.reader == index]
        given = values[sources[0]]
        if index in design.joins:
            given = inside[index]
            body.append(f"{design.joins[index].name} {given};")
            parts = [(values[s], design.beats[s]) for s in sources]
            lanes = [beat.lane(text, k) for text, beat in parts for k in range(len(beat.lanes))]
            body += design.joins[index].assigned(given, dict(enumerate(lanes)))
        values[index] = "y" if index == final else f"from_{unit.name}"
        if index != final:
            body.append(f"{unit.y.name} {values[index]};")
        body.append(f"{unit.name}({given}, {values[index]});")
    if final == INPUT:
        body.append("y = x;")
    name = plan.name
    core = [
        f"void {name}_core(const {design.x.name} &x, {design.y.name} &y) {{",
        *indented(body),
        "}",
    ]
    top = [
        *bambu_interface(),
        f"{prototype(plan)} {{",
        *interface(),
        "#pragma HLS PIPELINE II=1",
        f"  const {name}_in_word word = s_axis.read();",
        f"  {design.x.name} x;",
        *indented(design.x.unpacked("word", "x")),
        f"  {design.y.name} y;",
        f"  {name}_core(x, y);",
        f"  {name}_out_word result = 0;",
        *indented(design.y.packed("y", "result")),
        "  m_axis.write(result);",
        "}",
    ]
    return [core, top]
