"""The top of a design in C++: from packed beats to packed beats, unit after unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwgen import __version__
from hwgen.errors import PlanError
from hwgen.hls.beats import Beat
from hwgen.hls.joints import side_by_side_process
from hwgen.hls.names import OURS, Names
from hwgen.hls.text import indented
from hwgen.hls.units import Passing, Unit, beats_process, unit_of
from hwgen.numeric import IntType
from hwgen.plan.design import Plan
from hwgen.plan.stages.stage import Fifo, Stream
from hwgen.plan.stages.wiring import INPUT

MOST_PORT_BITS = 4096  # of a word that AMD's ap_int.h and streams of structs take
STREAM_DEPTH = 2  # of streams without a queue of the plan's


@dataclass(frozen=True, slots=True)
class Edge:
    """What unit `reader` gets of unit `source`, INPUT being the port, through so deep a queue.

    `place` counts what a unit reads; the output port reads as unit `len(stages)`.
    """

    source: int
    reader: int
    place: int
    depth: int


class Design:
    """A plan's units in C++, and how they are joined.

    Raises
    ------
    PlanError
        Where a stage cannot be printed, or a beat is too wide for a port.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        if plan.name.lower().startswith(OURS):
            raise PlanError(
                f"--hls: the network's name must not begin with {', '.join(OURS)}, as "
                f"{plan.name} does; rename it"
            )
        names = Names()
        for taken in ("", "_core", "_in", "_out", "_TYPES_H"):
            names.give(plan.name + taken)
        self.x = Beat(f"{plan.name}_in", plan.inputs.lanes)
        self.beats: dict[int, Beat] = {INPUT: self.x}
        self.joins: dict[int, Beat] = {}
        self.units: dict[int, Unit] = {}
        _check_port("input", plan.inputs.lanes)
        _check_port("output", plan.outputs.lanes)
        for index, stage in enumerate(plan.stages):
            if isinstance(stage, Passing):
                self.beats[index] = self.beats[self._origin(index)[0]]
                continue
            name = names.give(stage.name)
            x = self._read_beat(index, names.give(f"{plan.name}_{stage.name}_in"))
            y = Beat(names.give(f"{plan.name}_{stage.name}"), stage.outputs.lanes)
            self.beats[index] = y
            self.units[index] = unit_of(stage, name, x, y)
        self.y = self.beats[len(plan.stages) - 1]
        if not self.is_combinational:
            self._check_streams()

    @property
    def is_combinational(self) -> bool:
        """Whether every unit takes and gives a vector a beat: the design is one function."""
        one = all(s.inputs.beats == 1 == s.outputs.beats for s in self.plan.stages)
        return one and all(unit.beatwise for unit in self.units.values())

    @property
    def edges(self) -> list[Edge]:
        """Give every stream between units, and those from and to the ports."""
        ends = [*((k, self.plan.reads[k]) for k in self.units)]
        ends.append((len(self.plan.stages), (len(self.plan.stages) - 1,)))
        found = []
        for reader, sources in ends:
            for place, source in enumerate(sources):
                origin, depth = self._behind(source)
                found.append(Edge(origin, reader, place, depth))
        return found

    def _check_streams(self) -> None:
        """Refuse beats that no stream of structs takes."""
        for unit in self.units.values():
            for beat in (unit.x, unit.y):
                bits = sum(lane.bits for lane in beat.lanes)
                if bits > MOST_PORT_BITS:
                    raise PlanError(
                        f"{unit.stage.name}: beats between units must have at most "
                        f"{MOST_PORT_BITS} bits with --hls, not {bits}; use folded layers or "
                        "fewer bits"
                    )

    def _origin(self, index: int) -> tuple[int, int]:
        """Give the unit whose beats a passing stage holds, and how many."""
        stage = self.plan.stages[index]
        origin, depth = self._behind(self.plan.reads[index][0])
        return origin, depth + (stage.depth if isinstance(stage, Fifo) else 0)

    def _behind(self, source: int) -> tuple[int, int]:
        passing = source != INPUT and isinstance(self.plan.stages[source], Passing)
        return self._origin(source) if passing else (source, 0)

    def _read_beat(self, index: int, name: str) -> Beat:
        """Give the beat that a unit reads: that of its source, or those of several in one."""
        stage, sources = self.plan.stages[index], self.plan.reads[index]
        if len(sources) == 1:
            found = self.beats[sources[0]]
            if found.lanes != stage.inputs.lanes:
                raise PlanError(f"{stage.name}: lanes must be those of the stage before it")
            return found
        self.joins[index] = Beat(name, stage.inputs.lanes)
        return self.joins[index]


def _check_port(which: str, lanes: Sequence[IntType]) -> None:
    bits = sum(lane.bits for lane in lanes)
    if bits > MOST_PORT_BITS:
        raise PlanError(
            f"--hls: the {which} beat must have at most {MOST_PORT_BITS} bits, not {bits}; use "
            "folded layers or fewer input bits"
        )


def port_bits(stream: Stream) -> int:
    """Bits of a word at a port: the beat, padded to whole bytes."""
    return -(-stream.width // 8) * 8


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
    lines += ["// The network between two AXI4-Streams; a call is one vector.", _prototype(plan)]
    return "\n".join([*lines[:-1], f"{lines[-1]};", "", f"#endif  // {guard}", ""])


def _prototype(plan: Plan) -> str:
    return (
        f"void {plan.name}(hls::stream<{plan.name}_in_word> &s_axis,\n"
        f"{' ' * (len(plan.name) + 6)}hls::stream<{plan.name}_out_word> &m_axis)"
    )


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
    blocks += _core(design) if design.is_combinational else _region(design)
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
        *_bambu_interface(),
        f"{_prototype(plan)} {{",
        *_interface(),
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


def _bambu_interface() -> list[str]:
    """Say in front of a function what `_interface` says in it."""
    return [
        "#ifdef HWGEN_BAMBU",
        "#pragma HLS interface port = s_axis mode = axis",
        "#pragma HLS interface port = m_axis mode = axis",
        "#endif",
    ]


def _interface() -> list[str]:
    return [
        "#pragma HLS INTERFACE mode=axis port=s_axis",
        "#pragma HLS INTERFACE mode=axis port=m_axis",
        "#pragma HLS INTERFACE mode=ap_ctrl_none port=return",
    ]


def _region(design: Design) -> list[list[str]]:
    """Give the top of a design of processes that streams join."""
    plan, name = design.plan, design.plan.name
    blocks = [beats_process(u) for u in design.units.values() if u.beatwise]
    blocks += [
        [
            f"static void {name}_unpack(hls::stream<{name}_in_word> &in, "
            f"hls::stream<{design.x.name}> &out) {{",
            "beats:",
            f"  for (int beat = 0; beat < {name}_in_beats; beat++) {{",
            "#pragma HLS PIPELINE II=1",
            f"    const {name}_in_word word = in.read();",
            f"    {design.x.name} x;",
            *indented(design.x.unpacked("word", "x"), 2),
            "    out.write(x);",
            "  }",
            "}",
        ],
        [
            f"static void {name}_pack(hls::stream<{design.y.name}> &in, "
            f"hls::stream<{name}_out_word> &out) {{",
            "beats:",
            f"  for (int beat = 0; beat < {name}_out_beats; beat++) {{",
            "#pragma HLS PIPELINE II=1",
            f"    const {design.y.name} y = in.read();",
            f"    {name}_out_word word = 0;",
            *indented(design.y.packed("y", "word"), 2),
            "    out.write(word);",
            "  }",
            "}",
        ],
    ]
    streams, calls = _Streams(design), []
    functions, unpack = streams.leaving(INPUT, f"{name}_unpack", "s_axis")
    blocks += functions
    calls += unpack
    for index, unit in design.units.items():
        given = streams.arriving(index)
        if index in design.joins:
            functions, joined = streams.join(index, given)
            blocks += functions
            calls.append(joined)
            given = [f"{unit.name}_joined"]
        functions, called = streams.leaving(index, unit.call, given[0])
        blocks += functions
        calls += called
    calls.append(f"{name}_pack({streams.arriving(len(plan.stages))[0]}, m_axis);")
    top = [
        *_bambu_interface(),
        f"{_prototype(plan)} {{",
        *_interface(),
        "#pragma HLS DATAFLOW",
        *indented(streams.declared),
        *indented(calls),
        "}",
    ]
    return [*blocks, top]


class _Streams:
    """Names the streams of a region; `declared` are their declarations so far."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.edges = design.edges
        self.declared: list[str] = []

    def _name(self, index: int) -> str:
        return "input" if index == INPUT else self.design.units[index].name

    def _edge(self, edge: Edge) -> str:
        """Name a stream: after its source, and after its reader where there are several."""
        own = [e for e in self.edges if e.source == edge.source]
        text = f"from_{self._name(edge.source)}"
        if len(own) == 1:
            return text
        last = len(self.design.plan.stages)
        reader = "output" if edge.reader == last else self._name(edge.reader)
        again = sum(e.reader == edge.reader for e in own) > 1
        return f"{text}_to_{reader}{edge.place if again else ''}"

    def _declare(self, beat: Beat, stream: str, depth: int) -> None:
        name = f"{self.design.plan.name}.{stream}"
        self.declared.append(f'hls::stream<{beat.name}> {stream}("{name}");')
        self.declared.append(
            f"#pragma HLS STREAM variable={stream} depth={max(depth, STREAM_DEPTH)}"
        )

    def arriving(self, reader: int) -> list[str]:
        """Name the streams that a unit reads."""
        return [self._edge(edge) for edge in self.edges if edge.reader == reader]

    def leaving(self, source: int, call: str, given: str) -> tuple[list[list[str]], list[str]]:
        """Call a unit; where several read it, another function gives each of them every beat."""
        beat = self.design.beats[source]
        own = [edge for edge in self.edges if edge.source == source]
        for edge in own:
            self._declare(beat, self._edge(edge), edge.depth)
        if len(own) == 1:
            return [], [f"{call}({given}, {self._edge(own[0])});"]
        name = f"{self._name(source)}_fork"
        self._declare(beat, f"from_{self._name(source)}", STREAM_DEPTH)
        plan = self.design.plan
        stream = plan.inputs if source == INPUT else plan.stages[source].outputs
        outs = ", ".join(f"hls::stream<{beat.name}> &out{k}" for k in range(len(own)))
        function = [
            f"static void {name}(hls::stream<{beat.name}> &in, {outs}) {{",
            "beats:",
            f"  for (int beat = 0; beat < {stream.beats}; beat++) {{",
            "#pragma HLS PIPELINE II=1",
            f"    const {beat.name} x = in.read();",
            *(f"    out{k}.write(x);" for k in range(len(own))),
            "  }",
            "}",
        ]
        ends = ", ".join(self._edge(edge) for edge in own)
        between = f"from_{self._name(source)}"
        return [function], [f"{call}({given}, {between});", f"{name}({between}, {ends});"]

    def join(self, index: int, given: list[str]) -> tuple[list[list[str]], str]:
        """Give the function that puts the beats of several streams side by side, and its call."""
        unit, edges = self.design.units[index], [e for e in self.edges if e.reader == index]
        parts = [self.design.beats[edge.source] for edge in edges]
        beats = self.design.plan.stages[index].inputs.beats
        ins = ", ".join(f"hls::stream<{b.name}> &in{k}" for k, b in enumerate(parts))
        head = f"static void {unit.name}_join({ins}, hls::stream<{unit.x.name}> &out) {{"
        body = side_by_side_process(parts, unit.x, beats)
        self._declare(unit.x, f"{unit.name}_joined", STREAM_DEPTH)
        call = f"{unit.name}_join({', '.join(given)}, {unit.name}_joined);"
        return [[head, "#pragma HLS INLINE off", *indented(body), "}"]], call
