"""A folded convolution: rows of the map in memories, and the program run for each window.

Rows come while windows are computed, in one loop (map_rows.py). Each multiplier that reads other
taps, and each of the windows side by side, has a copy of the rows of its own.
"""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.folded_dense import ElementTexts, Port, ports_of
from hwgen.hls.map_rows import MapRows
from hwgen.hls.program import Field, Program, field_of
from hwgen.hls.text import cast, indented, literal, table, type_name
from hwgen.plan.stages.stage import PADDING, FoldedDense


def convolution_functions(stage: FoldedDense, name: str, x: Beat, y: Beat) -> list[list[str]]:
    """Give the functions of a unit: the process of all windows, one that joins, their region."""
    rows = [_rows_beat(stage, s, f"{name}_rows{s}") for s in range(len(stage.pe_sets))]
    functions = [beat.declaration() for beat in rows]
    functions.append(_windows(stage, name, x, rows))
    functions.append(_join(stage, name, y, rows))
    head = f"static void {name}(hls::stream<{x.name}> &in, hls::stream<{y.name}> &out) {{"
    body, streams = ["#pragma HLS DATAFLOW"], []
    for s, beat in enumerate(rows):
        for copy in range(stage.copies):
            stream = f"rows{s}_{copy}"
            streams.append(stream)
            body.append(f'hls::stream<{beat.name}> {stream}("{name}.{stream}");')
            body.append(f"#pragma HLS STREAM variable={stream} depth=2")
    body.append(f"{name}_windows(in, {', '.join(streams)});")
    body.append(f"{name}_join({', '.join(streams)}, out);")
    functions.append([head, "#pragma HLS INLINE off", *indented(body), "}"])
    return functions


def _rows_beat(stage: FoldedDense, which: int, name: str) -> Beat:
    """Give what leaves a set at once: the rows of its PEs for neighbours beside one another."""
    own = [e for e, owner in zip(stage.elements, stage.owners, strict=True) if owner == which]
    return Beat(name, tuple(element.accumulator.type for element in own) * stage.beside)


def _windows(stage: FoldedDense, name: str, x: Beat, rows: list[Beat]) -> list[str]:
    there = MapRows(stage)
    ports = ports_of(stage)
    copies = sorted({(port.number, q) for port in ports.values() for q in range(stage.pixels)})
    kind, channels = type_name(stage.inputs.lanes[0]), _channels(stage)
    body = []
    for number, q in copies:
        body.append(f"{kind} x{number}_{q}[{there.slots}][{there.width}][{channels}];")
        storage = "ram_s2p impl=bram" if stage.vector_memory == "block" else "ram_s2p impl=lutram"
        body.append(f"#pragma HLS BIND_STORAGE variable=x{number}_{q} type={storage}")
    sets = [_Set(stage, s, ports) for s in range(len(stage.pe_sets))]
    body += [line for own in sets for line in (*own.program.tables(), *own.starts())]
    body += [*_arrival_tables(stage), *_tap_tables(stage), *there.counters()]
    body += [line for own in sets for line in own.declared()]
    steps = [line for own in sets for line in own.step(rows[own.which], _tap(there))]
    body += there.loop(steps, _arrive(stage, x, copies, there.into))
    outs = ", ".join(
        f"hls::stream<{beat.name}> &rows{s}_{copy}"
        for s, beat in enumerate(rows)
        for copy in range(stage.copies)
    )
    head = f"static void {name}_windows(hls::stream<{x.name}> &in, {outs}) {{"
    return [head, "#pragma HLS INLINE off", *indented(body), "}"]


def _channels(stage: FoldedDense) -> int:
    return max(stage.inputs.order) // stage.inputs.pixels + 1


def _arrival_tables(stage: FoldedDense) -> list[str]:
    """Give of each beat of a group of pixels and each lane its channel and its neighbour."""
    lines, stream = [], stage.inputs
    for lane in range(len(stream.lanes)):
        order = stream.order[lane :: len(stream.lanes)]
        channels = [-1 if e == PADDING else e // stream.pixels for e in order]
        lines += table("int", f"channel{lane}", [str(channel) for channel in channels])
        if stream.pixels > 1:
            near = [0 if e == PADDING else e % stream.pixels for e in order]
            lines += table("int", f"neighbour{lane}", [str(n) for n in near])
    return lines


def _arrive(stage: FoldedDense, x: Beat, copies: list[tuple[int, int]], slot: str) -> list[str]:
    """Take a beat in."""
    stream = stage.inputs
    lines = [f"const {x.name} x = in.read();"]
    for lane in range(len(stream.lanes)):
        near = f" + neighbour{lane}[beat]" if stream.pixels > 1 else ""
        place = f"[{slot}][column{near}][channel{lane}[beat]]"
        value = cast(x.lane("x", lane), x.lanes[lane], x.lanes[0])
        writes = [f"x{number}_{q}{place} = {value};" for number, q in copies]
        if PADDING in stream.order[lane :: len(stream.lanes)]:
            writes = [f"if (channel{lane}[beat] >= 0) {{", *indented(writes), "}"]
        lines += writes
    return lines


def _tap_tables(stage: FoldedDense) -> list[str]:
    """Give of each tap its row and column in the window, and its channel."""
    assert stage.lines is not None
    taps = stage.lines.taps
    return [
        *table("int", "tap_row", [str(tap.u) for tap in taps]),
        *table("int", "tap_column", [str(tap.v) for tap in taps]),
        *table("int", "tap_channel", [str(tap.lane) for tap in taps]),
    ]


def _tap(there: MapRows) -> dict[str, str]:
    """Give the texts that find a tap of the window."""
    slot = there.slot("y{0}", "at{0}")
    height, width = there.height, there.width
    return {
        "row": "top + tap_row[{0}]",
        "slot": "at + tap_row[{0}]" if there.wraps else "",
        "column": "left + tap_column[{0}]",
        "inside": f"y{{0}} >= 0 && y{{0}} < {height} && c{{0}} >= 0 && c{{0}} < {width}",
        "place": f"[{slot}][c{{0}}][tap_channel[{{1}}]]",
    }


class _Set:
    """The lines of a set of PEs, for each of the windows side by side."""

    def __init__(self, stage: FoldedDense, which: int, ports: dict[tuple[int, int], Port]) -> None:
        self.stage, self.which, self.ports = stage, which, ports
        self.own = [e for e, owner in enumerate(stage.owners) if owner == which]
        self.units = ElementTexts(stage, self.own, which)
        ends = stage.pe_sets[which].ends
        self.end = field_of("ends", tuple(int(step in ends) for step in range(stage.cycles)))
        self.taps: dict[int, Field] = {}
        for e in self.own:
            for lane in range(stage.pe_sets[which].lanes):
                port = ports[e, lane]
                self.taps.setdefault(port.number, field_of(f"tap{port.number}", port.slots))
        fields = (self.end, *self.units.weights, *self.taps.values())
        self.program = Program(fields, f"set{which}_")

    def starts(self) -> list[str]:
        """Tables of what rows start with."""
        return [self._named(line) for line in self.units.starts()]

    def declared(self) -> list[str]:
        """Accumulators of each window."""
        lines = []
        for q in range(self.stage.pixels):
            lines += [
                self._named(line, q) for line in self.units.declared() if not line.startswith("int")
            ]
        return [*lines, f"int row{self.which} = 0;"] if self.units.counts_rows else lines

    def _named(self, line: str, copy: int | None = None) -> str:
        """Tell the names of this set and window from those of others."""
        found = line
        for k in range(len(self.own)):
            found = found.replace(f" start{k}[", f" start{self.which}_{k}[")
            if copy is not None:
                found = found.replace(f" a{k} ", f" a{self.which}_{k}_{copy} ")
        return found

    def step(self, rows: Beat, tap: dict[str, str]) -> list[str]:
        """Give the lines of a step."""
        lines = [*self.program.fetched()]
        lines.append(f"const bool ends = hwgen_index({self.program.value(self.end)}) != 0;")
        for number, field in self.taps.items():
            lines.append(f"const int tap{number} = hwgen_index({self.program.value(field)});")
        for q in range(self.stage.pixels):
            lines += self._window(tap, q)
        lines += ["if (ends) {", *indented(self._results(rows)), "}"]
        for q in range(self.stage.pixels):
            lines += self._following(q)
        if self.units.counts_rows:
            count = len(self.stage.elements[self.own[0]].initial)
            lines.append(
                f"if (ends) row{self.which} = row{self.which} == {count - 1} ? 0 : "
                f"row{self.which} + 1;"
            )
        return ["{", *indented(lines), "}"]

    def _window(self, tap: dict[str, str], q: int) -> list[str]:
        windows, lane = self.stage.lines, self.stage.inputs.lanes[0]
        assert windows is not None
        kind, beside = type_name(lane), literal(windows.beside, lane)
        lines: list[str] = []
        for number in self.taps:
            name = f"{number}_{q}"
            lines += [
                f"const int y{name} = {tap['row'].format(f'tap{number}')};",
                f"const int c{name} = {tap['column'].format(f'tap{number}')}"
                f"{f' + {q * windows.stride[1]}' if q else ''};",
            ]
            if tap["slot"]:
                lines.append(f"const int at{name} = {tap['slot'].format(f'tap{number}')};")
            lines.append(
                f"const {kind} v{name} = {tap['inside'].format(name)} ? "
                f"x{name}{tap['place'].format(name, f'tap{number}')} : {beside};"
            )
        reads = {
            (e, lane): f"v{port.number}_{q}"
            for (e, lane), port in self.ports.items()
            if e in self.own
        }
        sums = self.units.sums(self.program, reads, f"_{q}")
        return [*lines, *(self._accumulators(line, q) for line in sums)]

    def _accumulators(self, line: str, q: int) -> str:
        for k in range(len(self.own)):
            line = line.replace(f"= a{k}_{q} ", f"= a{self.which}_{k}_{q} ")
        return line

    def _results(self, rows: Beat) -> list[str]:
        """Send the rows of the windows, those that leave beside one another as one."""
        lines = []
        stage = self.stage
        for copy in range(stage.copies):
            lines += ["{", f"  {rows.name} r;"]
            for near in range(stage.beside):
                for k in range(len(self.own)):
                    lane = rows.lane("r", near * len(self.own) + k)
                    lines.append(f"  {lane} = t{k}_{copy * stage.beside + near};")
            lines += [f"  rows{self.which}_{copy}.write(r);", "}"]
        return lines

    def _following(self, q: int) -> list[str]:
        lines = []
        for k, e in enumerate(self.own):
            element = self.stage.elements[e]
            start = literal(element.initial[0], element.accumulator.type)
            if len(set(element.initial)) > 1:
                last = len(element.initial) - 1
                row = f"row{self.which}"
                start = f"start{self.which}_{k}[{row} == {last} ? 0 : {row} + 1]"
            lines.append(f"a{self.which}_{k}_{q} = ends ? {start} : t{k}_{q};")
        return lines


def _join(stage: FoldedDense, name: str, y: Beat, rows: list[Beat]) -> list[str]:
    """Beats leave as the plan has them, at every position."""
    streams = [
        (s * stage.copies + copy, f"rows{s}_{copy}", s)
        for s in range(len(rows))
        for copy in range(stage.copies)
    ]
    body: list[str] = []
    tables: list[str] = []
    for number, stream, s in streams:
        takes = [str(int(number in turn)) for turn in stage.turns]
        tables += table("bool", f"takes_{stream}", takes)
        body += [f"{rows[s].name} r_{stream};", f"if (takes_{stream}[beat]) "]
        body[-1] += f"r_{stream} = {stream}.read();"
    body.append(f"{y.name} y;")
    for lane, kind in enumerate(y.lanes):
        near, own = divmod(lane, stage.width)
        text = literal(0, kind)
        for _, stream, s in streams:
            part = stage.pe_sets[s]
            if own in part.fed:
                at = near * part.size + own - part.first
                value = f"{type_name(kind)}({rows[s].lane(f'r_{stream}', at)})"
                text = f"takes_{stream}[beat] ? {value} : {text}"
        body.append(f"{y.lane('y', lane)} = {text};")
    lines = [
        *tables,
        "positions:",
        f"for (int position = 0; position < {stage.outputs.positions}; position++) {{",
        f"  for (int beat = 0; beat < {stage.groups}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        *indented([*body, "out.write(y);"], 2),
        "  }",
        "}",
    ]
    ins = ", ".join(f"hls::stream<{rows[s].name}> &{stream}" for _, stream, s in streams)
    head = f"static void {name}_join({ins}, hls::stream<{y.name}> &out) {{"
    return [head, "#pragma HLS INLINE off", *indented(lines), "}"]
