"""The top of a design of processes that streams join."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.design import STREAM_DEPTH, Design, Edge
from hwgen.hls.joints import side_by_side_process
from hwgen.hls.ports import bambu_interface, interface, prototype
from hwgen.hls.text import indented
from hwgen.hls.units import beats_process
from hwgen.plan.stages.wiring import INPUT


def region(design: Design) -> list[list[str]]:
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
        *bambu_interface(),
        f"{prototype(plan)} {{",
        *interface(),
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
