"""Shows that the C++ of a design is its network, and says what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from hwgen.digests import MADE_FROM, sealed
from hwgen.ir import Graph
from hwgen.json_fields import JsonFields
from hwgen.numeric import IntType
from hwgen.prove.cpp.classes import Classes
from hwgen.prove.cpp.follow import Follower
from hwgen.prove.cpp.network import Network
from hwgen.prove.cpp.trace import Trace, trace_of
from hwgen.prove.cpp.values import Sum, Table, Value, wrapped
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.netlist.read import type_of

PROVED = (
    "one call of the compiled function, noted operation by operation, gives in every lane of every "
    "output beat the network's value for every input",
    "every sum is a row of network.npz in as many bits as its readers look at, and every code the "
    "network's for every value of its sum",
    "argmax gives the lowest index of the largest sum",
    "no value of the input decides what is done: no branch, no bound of a loop, no index but those "
    "of tables, which are read inside",
    "each call takes and gives as many beats as it must, and no stream is read while empty",
)
NOT_PROVED = (
    "what a tool for hardware makes of the code: pragmas, clocks, depths of streams, and its own "
    "integer types; ours, compiled by a C++ compiler, are noted in their place",
    "the top for a DMA, NAME_axis.cpp and NAME_axis.h, which sets TLAST, and the words of a port "
    "in NAME.h that it alone reads",
    "hwgen_types.h of the folder, whose functions are those that are noted",
    "the C++ compiler, and this program",
    "ranges behind the first layer are per element: ends that no input reaches together may be "
    "among them",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """Beats of equal lanes, and how the elements of a vector or map lie in them."""

    kind: IntType
    lanes: int
    beats: int
    positions: int
    elements: int

    def element(self, beat: int, lane: int) -> int | None:
        """Give the element, in natural order, that lies in a lane; None for padding."""
        slots = self.beats * self.lanes // self.positions
        position, slot = divmod(beat * self.lanes + lane, slots)
        channels = self.elements // self.positions
        return slot * self.positions + position if slot < channels else None

    @classmethod
    def of(cls, port: JsonFields) -> Port:
        """Read a port of design.json."""
        return cls(
            kind=type_of(port),
            lanes=port.count("lanes", least=1),
            beats=port.count("beats", least=1),
            positions=prod(port.pair("image")),
            elements=port.count("elements"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CppProof:
    """The verdict on C++: `problem` is None where all was shown."""

    name: str
    rows: int
    additions: int
    values: int
    problem: str | None
    made_from: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def proved(self) -> bool:
        """Whether everything was shown."""
        return self.problem is None

    def __str__(self) -> str:
        return self.verdict()

    def verdict(self) -> str:
        """Give one line."""
        if self.problem is not None:
            return f"NOT PROVED: hls/{self.name}.cpp: {self.problem}"
        return (
            f"PROVED: hls/{self.name}.cpp, as a program, equals its integer network on every "
            f"input: {self.rows} rows, {self.additions} additions, {self.values} sums through "
            "thresholds"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the document of hls/proof.json."""
        document = {
            "name": self.name,
            "proved": self.proved,
            "verdict": self.verdict(),
            "problem": self.problem,
            "rows": self.rows,
            "additions": self.additions,
            "values": self.values,
            "proves": list(PROVED) if self.proved else [],
            "does_not_prove": list(NOT_PROVED),
            MADE_FROM: dict(self.made_from),
        }
        return sealed(document)


def prove_cpp(folder: Path, graph: Graph, document: Mapping[str, Any]) -> CppProof:
    """Prove the C++ of a design folder; `document` is its design.json.

    Raises
    ------
    ModelError
        Where a file is missing or damaged.
    ToolError
        Where there is no C++ compiler.
    """
    fields = JsonFields(document, str(folder / "design.json"), "hwgen build --hls")
    name, ports = fields.child("hls").text("top"), fields.child("ports")
    source, sink = (Port.of(ports.child(end)) for end in ("s_axis", "m_axis"))
    rows = additions = values = 0
    problem = None
    try:
        trace = trace_of(folder / "hls", name)
        network = Network(graph)
        rows, values = network.rows, network.values
        additions = check_trace(trace, network, source, sink)
    except NotProvedError as error:
        problem = str(error)
    return CppProof(name=name, rows=rows, additions=additions, values=values, problem=problem)


def check_trace(trace: Trace, network: Network, source: Port, sink: Port) -> int:
    """Show that a trace gives the network's output; gives the number of additions.

    Raises
    ------
    NotProvedError
        Where it does not.
    """
    given = list(network.tensors["input"].reshape(-1))

    def input_field(beat: int, low: int, bits: int) -> Value:
        lane, rest = divmod(low, source.kind.bits)
        element = None if rest or lane >= source.lanes else source.element(beat, lane)
        if element is None or bits != source.kind.bits:
            raise NotProvedError(
                f"s_axis, beat {beat}: bits {low} to {low + bits - 1} must be an element"
            )
        return unsigned(given[element], source.kind)

    if len(trace.ends) != sink.beats:
        raise NotProvedError(f"m_axis: must give {sink.beats} beats, not {len(trace.ends)}")
    width = sink.kind.bits
    fields = [
        [
            (lane * width, width)
            for lane in range(sink.lanes)
            if sink.element(beat, lane) is not None
        ]
        for beat in range(sink.beats)
    ]
    follower = Follower(trace, network, input_field)
    for beat, found in enumerate(follower.outputs(fields)):
        for lane, value in enumerate(found):
            element = sink.element(beat, lane)
            assert element is not None
            _check_output(follower, value, element, sink.kind)
    return follower.additions


def unsigned(value: Sum, kind: IntType) -> Value:
    """Give the bits of an element of a type, as the field of a packed word."""
    if not kind.signed:
        return value
    return Sum(value.coefficients, value.constant, value.limits, kind.bits, False)


def _check_output(follower: Follower, value: Value, element: int, kind: IntType) -> None:
    network = follower.network
    if network.classes is not None:
        Classes(follower.elements, network.classes, network.labels).check(value, kind)
        return
    wanted = network.output[element]
    if isinstance(value, Table):
        value = Table(value.base, value.lo, wrapped(value.values, kind.bits, kind.signed))
    found = network.functions.normal(follower.elements.as_sum(value))
    enough = found.known is None or found.known >= kind.bits
    apart = (found.constant - wanted.constant) % (1 << kind.bits)
    fits = kind.lo <= wanted.limits.lo and wanted.limits.hi <= kind.hi
    if found.coefficients != wanted.coefficients or apart or not enough or not fits:
        raise NotProvedError(
            f"output {element}: must be {network.variables.text(wanted)} as {kind}, not "
            f"{network.variables.text(found)}"
        )
