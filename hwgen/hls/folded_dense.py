"""A matrix-vector product over many cycles: a loop over the nonzero weights of each set of PEs.

The loop's only carried value is an accumulator a PE, of exactly its range: one adder closes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.hls.beats import Beat
from hwgen.hls.program import Field, Program, field_of
from hwgen.hls.text import (
    cast,
    check_bits,
    covering,
    indented,
    integer,
    limits_text,
    literal,
    reduced,
    table,
    type_name,
)
from hwgen.numeric import IntType, Range
from hwgen.plan.stages.stage import FoldedDense


@dataclass(frozen=True, slots=True)
class Port:
    """A read port of the vector: a copy of it, and the places read step by step."""

    number: int
    slots: tuple[int, ...]


def ports_of(stage: FoldedDense) -> dict[tuple[int, int], Port]:
    """Give the port of each PE's lanes; those that read the same elements share one."""
    found: dict[tuple[int, ...], Port] = {}
    ports = {}
    for index, (element, owner) in enumerate(zip(stage.elements, stage.owners, strict=True)):
        lanes = stage.pe_sets[owner].lanes
        for lane in range(lanes):
            slots = element.slots[lane::lanes]
            weights = element.weights[lane::lanes]
            used = tuple(s if w else 0 for s, w in zip(slots, weights, strict=True))
            key = (owner, *used)  # sets are processes of their own and share no copy
            ports[index, lane] = found.setdefault(key, Port(len(found), used))
    return ports


def rows_beat(stage: FoldedDense, which: int, name: str) -> Beat:
    """Give what leaves a set when its rows end: the accumulators of its PEs."""
    own = [e for e, owner in zip(stage.elements, stage.owners, strict=True) if owner == which]
    return Beat(name, tuple(element.accumulator.type for element in own))


def dense_functions(stage: FoldedDense, name: str, x: Beat, y: Beat) -> list[list[str]]:
    """Give the functions of a unit: one that loads, one a set, one that joins, and their region."""
    ports, lanes, words = ports_of(stage), len(x.lanes), stage.inputs.beats
    kind = type_name(x.lanes[0])
    copies = sorted({port.number for port in ports.values()})
    shape = f"[{words}]" + (f"[{lanes}]" if lanes > 1 else "")
    functions = [_load(name, x, copies, words, f"{kind} x{{}}{shape}")]
    body = ["#pragma HLS DATAFLOW"]
    for number in copies:
        body.append(f"{kind} x{number}{shape};")
        if lanes > 1:
            body.append(f"#pragma HLS ARRAY_RESHAPE variable=x{number} type=complete dim=2")
        storage = "ram_s2p impl=bram" if stage.vector_memory == "block" else "ram_s2p impl=lutram"
        body.append(f"#pragma HLS BIND_STORAGE variable=x{number} type={storage}")
    calls = [f"{name}_load(in, {', '.join(f'x{n}' for n in copies)});"]
    ends = [f"hls::stream<{name}_rows{s}>" for s in range(len(stage.pe_sets))]
    for s in range(len(stage.pe_sets)):
        own = sorted({port.number for (e, _), port in ports.items() if stage.owners[e] == s})
        beat = rows_beat(stage, s, f"{name}_rows{s}")
        arrays = [f"const {kind} x{n}{shape}" for n in own]
        functions += [beat.declaration(), _set(stage, name, s, beat, ports, arrays)]
        body.append(f'{ends[s]} rows{s}("{name}.rows{s}");')
        body.append(f"#pragma HLS STREAM variable=rows{s} depth=2")
        calls.append(f"{name}_set{s}({', '.join(f'x{n}' for n in own)}, rows{s});")
    functions.append(_join(stage, name, y))
    calls.append(f"{name}_join({', '.join(f'rows{s}' for s in range(len(ends)))}, out);")
    head = f"static void {name}(hls::stream<{x.name}> &in, hls::stream<{y.name}> &out) {{"
    functions.append([head, *indented([*body, *calls]), "}"])
    return functions


def _load(name: str, x: Beat, copies: list[int], words: int, array: str) -> list[str]:
    arrays = ", ".join(array.format(n) for n in copies)
    lines = ["beats:", f"for (int beat = 0; beat < {words}; beat++) {{"]
    lines += ["#pragma HLS PIPELINE II=1", f"  const {x.name} x = in.read();"]
    for n in copies:
        for lane in range(len(x.lanes)):
            place = f"[beat][{lane}]" if len(x.lanes) > 1 else "[beat]"
            lines.append(f"  x{n}{place} = {cast(x.lane('x', lane), x.lanes[lane], x.lanes[0])};")
    head = f"static void {name}_load(hls::stream<{x.name}> &in, {arrays}) {{"
    return [head, "#pragma HLS INLINE off", *indented([*lines, "}"]), "}"]


def _set(
    stage: FoldedDense,
    name: str,
    which: int,
    rows: Beat,
    ports: dict[tuple[int, int], Port],
    arrays: list[str],
) -> list[str]:
    own = [e for e, owner in enumerate(stage.owners) if owner == which]
    lanes = len(stage.inputs.lanes)
    ends = stage.pe_sets[which].ends
    end = field_of("ends", tuple(int(step in set(ends)) for step in range(stage.cycles)))
    places: dict[int, tuple[Field, Field]] = {}
    for e in own:
        for lane in range(stage.pe_sets[which].lanes):
            port = ports[e, lane]
            beats = field_of(f"beat{port.number}", tuple(s // lanes for s in port.slots))
            parts = field_of(f"lane{port.number}", tuple(s % lanes for s in port.slots))
            places.setdefault(port.number, (beats, parts))
    read = {
        number: f"x{number}[hwgen_index({{{2 * k}}})]"
        + (f"[hwgen_index({{{2 * k + 1}}})]" if lanes > 1 else "")
        for k, number in enumerate(places)
    }
    fields = [field for pair in places.values() for field in pair]
    units = ElementTexts(stage, own, which)
    program = Program((end, *units.weights, *fields))
    shown = [program.value(field) for field in fields]
    lines = [*program.tables(), *units.starts(), *units.declared()]
    lines += ["steps:", f"for (int step = 0; step < {stage.cycles}; step++) {{"]
    lines += ["#pragma HLS PIPELINE II=1", *indented(program.fetched())]
    reads = {key: read[port.number].format(*shown) for key, port in ports.items() if key[0] in own}
    lines += indented(units.sums(program, reads))
    lines += [f"  const bool ends = hwgen_index({program.value(end)}) != 0;", "  if (ends) {"]
    lines += [f"    {rows.name} r;"]
    lines += [f"    {rows.lane('r', k)} = t{k};" for k in range(len(own))]
    lines += ["    rows.write(r);", "  }", *indented(units.following()), "}"]
    arguments = [*arrays, f"hls::stream<{rows.name}> &rows"]
    head = f"static void {name}_set{which}({', '.join(arguments)}) {{"
    return [head, "#pragma HLS INLINE off", *indented(lines), "}"]


class ElementTexts:
    """The lines of the PEs of one set, `a0`, `a1`, ... being their accumulators."""

    def __init__(self, stage: FoldedDense, own: list[int], which: int) -> None:
        self.stage, self.own = stage, own
        self.lanes = stage.pe_sets[which].lanes
        self.kind = stage.inputs.lanes[0]
        self._weights = {
            (e, lane): field_of(f"w{e}_{lane}", stage.elements[e].weights[lane :: self.lanes])
            for e in own
            for lane in range(self.lanes)
        }
        for e in own:
            check_bits(stage.name, stage.elements[e].accumulator.type)

    @property
    def weights(self) -> tuple[Field, ...]:
        """Fields of the weights."""
        return tuple(self._weights.values())

    def _starts(self, k: int) -> tuple[int, ...]:
        return self.stage.elements[self.own[k]].initial

    def _kind(self, k: int) -> IntType:
        return self.stage.elements[self.own[k]].accumulator.type

    def starts(self) -> list[str]:
        """Tables of what rows start with, where rows differ."""
        lines = []
        for k in range(len(self.own)):
            starts, kind = self._starts(k), self._kind(k)
            if len(set(starts)) > 1:
                texts = [integer(reduced(value, kind)) for value in starts]
                lines += table(type_name(kind), f"start{k}", texts)
        return lines

    @property
    def counts_rows(self) -> bool:
        """Whether rows start with values of their own."""
        return any(len(set(self._starts(k))) > 1 for k in range(len(self.own)))

    def declared(self) -> list[str]:
        """Accumulators, with what they hold at all times."""
        lines = []
        for k, e in enumerate(self.own):
            kind, limits = self._kind(k), self.stage.elements[e].accumulator
            start = literal(self._starts(k)[0], kind)
            lines.append(f"{type_name(kind)} a{k} = {start};  {limits_text(limits)}")
        return [*lines, "int row = 0;"] if self.counts_rows else lines

    def sums(
        self, program: Program, reads: dict[tuple[int, int], str], copy: str = ""
    ) -> list[str]:
        """Products, their sums and what the accumulators become, `t0`, `t1`, ..."""
        lines = []
        for k, e in enumerate(self.own):
            element, parts = self.stage.elements[e], []
            total = element.products.type
            for lane in range(self.lanes):
                field = self._weights[e, lane]
                kind = _product(field.kind, self.kind)
                name = f"m{k}{copy}_{lane}"
                weight = program.value(field)
                lines.append(f"const {type_name(kind)} {name} = {weight} * {reads[e, lane]};")
                lines.append(f"#pragma HLS BIND_OP variable={name} op=mul impl=fabric")
                parts.append(cast(name, kind, total))
            value, kind = (parts[0], total) if self.lanes == 1 else (f"s{k}{copy}", total)
            if self.lanes > 1:
                lines.append(
                    f"const {type_name(total)} {value} = {' + '.join(parts)};  "
                    f"{limits_text(element.products)}"
                )
            own = self._kind(k)
            added = f"a{k}{copy} + {cast(value, kind, own)}"
            lines.append(f"const {type_name(own)} t{k}{copy} = {added};")
        return lines

    def following(self, copy: str = "", counts: bool = True) -> list[str]:
        """Accumulators go on, or start the next row."""
        lines = []
        for k in range(len(self.own)):
            starts = self._starts(k)
            start = literal(starts[0], self._kind(k))
            if len(set(starts)) > 1:
                start = f"start{k}[row == {len(starts) - 1} ? 0 : row + 1]"
            lines.append(f"a{k}{copy} = ends ? {start} : t{k}{copy};")
        if self.counts_rows and counts:
            rows = len(self._starts(0))
            lines.append(f"if (ends) row = row == {rows - 1} ? 0 : row + 1;")
        return lines


def _product(weight: IntType, x: IntType) -> IntType:
    ends = [w * value for w in (weight.lo, weight.hi) for value in (x.lo, x.hi)]
    return covering(Range(min(ends), max(ends)).type)


def _join(stage: FoldedDense, name: str, y: Beat) -> list[str]:
    """Beats leave as the plan has them: each with the rows of some sets, in lanes of their own."""
    sets = range(len(stage.pe_sets))
    streams = ", ".join(f"hls::stream<{name}_rows{s}> &rows{s}" for s in sets)
    body, tables = [], []
    for s in sets:
        takes = [s in turn for turn in stage.turns]
        condition = ""
        if not all(takes):
            tables += table("bool", f"takes{s}", [str(int(take)) for take in takes])
            condition = f"if (takes{s}[beat]) "
        body += [f"{name}_rows{s} r{s};", f"{condition}r{s} = rows{s}.read();"]
    beats = {s: rows_beat(stage, s, "") for s in sets}
    body.append(f"{y.name} y;")
    for lane, kind in enumerate(y.lanes):
        text = literal(0, kind)
        for s in sets:
            part = stage.pe_sets[s]
            if lane in part.fed:
                at = lane - part.first
                value = f"{type_name(kind)}({beats[s].lane(f'r{s}', at)})"
                always = all(s in turn for turn in stage.turns)
                text = value if always else f"takes{s}[beat] ? {value} : {text}"
        body.append(f"{y.lane('y', lane)} = {text};")
    lines = [
        *tables,
        "beats:",
        f"for (int beat = 0; beat < {stage.groups}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        *indented([*body, "out.write(y);"]),
        "}",
    ]
    head = f"static void {name}_join({streams}, hls::stream<{y.name}> &out) {{"
    return [head, "#pragma HLS INLINE off", *indented(lines), "}"]
