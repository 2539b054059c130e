"""Reads a design folder: its network, what its ports are, and the netlist that Yosys makes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.ir import MAX_ACCUMULATOR_BITS, Graph
from hwgen.json_fields import JsonFields, read_design_json
from hwgen.network_file import load_network
from hwgen.numeric import IntType
from hwgen.rhythm.check import Promise, Rhythm
from hwgen.synth.tools import find_yosys, run_tool, workspace

# units that take a whole vector a beat, and are functions of it some cycles late
PARALLEL = {"UnrolledDense", "ParallelThreshold", "ParallelArgmax", "OutputBuffer"}

QUEUE = "__queue"  # in the names of queues within units, which stay apart too


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DesignFolder:
    """What a proof reads: the network, and names, kinds and ports, which are hints.

    `reads` are the units that each of them reads, -1 for what enters the design, and `gives` the
    values of the network that they are of; for a chain of units they can be left out. `rhythm` and
    `promises` are what the depths of queues rest on, and `alone` the latency and interval of each
    unit by itself; there are none where no queue is.
    """

    graph: Graph
    top: str
    units: tuple[str, ...]
    kinds: tuple[str, ...]
    reads: tuple[tuple[int, ...], ...] = ()
    gives: tuple[str, ...] = ()
    input: IntType
    input_image: tuple[int, int]
    input_beats: int
    input_lanes: int
    output: IntType
    output_image: tuple[int, int]
    output_beats: int
    output_lanes: int
    rhythm: Rhythm | None = None
    promises: tuple[Promise, ...] = ()
    alone: tuple[tuple[int, int], ...] = ()

    @property
    def wiring(self) -> tuple[tuple[int, ...], ...]:
        """What each unit reads."""
        return self.reads or tuple((index - 1,) for index in range(len(self.units)))

    @property
    def is_chain(self) -> bool:
        """Whether each unit reads the one before it, and the network has no branches."""
        in_a_row = all(sources == (index - 1,) for index, sources in enumerate(self.wiring))
        return in_a_row and all(len(node.inputs) == 1 for node in self.graph.nodes)

    @property
    def folded(self) -> bool:
        """Whether vectors come, go or are computed over several cycles."""
        return not set(self.kinds) <= PARALLEL


def read_folder(folder: Path) -> DesignFolder:
    """Read the network and the names of a design.

    Raises
    ------
    ModelError
        Where a file is missing or damaged.
    """
    fields = read_design_json(folder)
    ports, stages = fields.child("ports"), fields.children("stages")
    source, sink = ports.child("s_axis"), ports.child("m_axis")
    return DesignFolder(
        graph=load_network(folder / "network.npz"),
        top=fields.text("top"),
        units=tuple(stage.text("module") for stage in stages),
        kinds=tuple(stage.text("op") for stage in stages),
        reads=tuple(_reads(unit, stage) for unit, stage in enumerate(stages)),
        gives=tuple(stage.text("gives") for stage in stages),
        input=type_of(source),
        input_image=source.pair("image"),
        input_beats=source.count("beats"),
        input_lanes=source.count("lanes"),
        output=type_of(sink),
        output_image=sink.pair("image"),
        output_beats=sink.count("beats"),
        output_lanes=sink.count("lanes"),
        **_queues(fields.optional_child("queues")),
    )


def type_of(port: JsonFields) -> IntType:
    """Read the type of a port's lanes.

    Raises
    ------
    ModelError
        Where it is none.
    """
    try:
        return IntType.parse(port.text("type"), MAX_ACCUMULATOR_BITS)
    except ValueError as error:
        raise port.refusal("type", str(error)) from None


def _reads(unit: int, stage: JsonFields) -> tuple[int, ...]:
    """Read what a unit reads: units before it, or -1 for what enters."""
    found = stage.integers("reads")
    if not all(-1 <= source < unit for source in found):
        raise stage.refusal("reads", f"must be units before {unit}, or -1 for what enters")
    return found


def _queues(fields: JsonFields | None) -> dict[str, Any]:
    """Read what the depths of queues rest on."""
    if fields is None:
        return {}
    rhythm = fields.optional_child("rhythm")
    return {
        "rhythm": None if rhythm is None else _rhythm(rhythm),
        "promises": tuple(map(_promise, fields.children("promises"))),
        "alone": fields.pairs("alone"),
    }


def _rhythm(fields: JsonFields) -> Rhythm:
    try:
        return Rhythm(
            start=fields.count("start"),
            vectors=fields.count("vectors"),
            period=fields.count("period"),
            passes=fields.texts("passes"),
        )
    except ValueError as error:
        raise fields.refusal("", str(error)) from None


def _promise(fields: JsonFields) -> Promise:
    try:
        return Promise(
            beats=fields.count("beats"),
            needs=fields.text("needs"),
            takes=fields.text("takes"),
            holds=fields.truth("holds"),
            depth=fields.count("depth"),
        )
    except ValueError as error:
        raise fields.refusal("", str(error)) from None


def read_netlist(folder: Path, design: DesignFolder) -> tuple[dict[str, Any], str]:
    """Give the modules of the design's Verilog as JSON, and the name and version of Yosys.

    Raises
    ------
    ModelError
        Where a module is missing.
    ToolError
        Where Yosys refuses the file.
    """
    source = folder / f"{design.top}.v"
    if not source.is_file():
        raise ModelError(f"{source}: must be the design's Verilog; build the design again")
    yosys = find_yosys()
    with workspace(None) as where:
        shutil.copyfile(source, where.folder / "design.v")
        steps = [
            "read_verilog design.v",
            f"hierarchy -check -top {design.top}",
            f"select -set units {design.top}/* %M",  # units stay apart, each flat in itself
            f"setattr -mod -set keep_hierarchy 1 @units *{QUEUE}",
            "proc -noopt",
            "flatten",
            "opt_clean",
            *(["memory_collect"] if design.folded else []),
            "write_json netlist.json",
        ]
        run_tool(yosys, ["-q", "-p", "; ".join(steps)], where)
        document: dict[str, Any] = json.loads((where.folder / "netlist.json").read_text())
    wanted = (design.top, *design.units)
    missing = [name for name in wanted if name not in document["modules"]]
    if missing:
        raise ModelError(f"{source}: must have a module {missing[0]}; build the design again")
    queues = [name for name in document["modules"] if name.endswith(QUEUE)]
    return {name: document["modules"][name] for name in (*wanted, *queues)}, yosys.version
