"""Reads a design folder: its network, what its ports are, and the netlist that Yosys makes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwgen.errors import ModelError
from hwgen.ir import MAX_ACCUMULATOR_BITS, Graph
from hwgen.json_file import load_json
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
    try:
        document = load_json(folder / "design.json")
        source = document["ports"]["s_axis"]
        axis = document["ports"]["m_axis"]
        return DesignFolder(
            graph=load_network(folder / "network.npz"),
            top=str(document["top"]),
            units=tuple(str(stage["module"]) for stage in document["stages"]),
            kinds=tuple(str(stage["op"]) for stage in document["stages"]),
            reads=_reads(document["stages"]),
            gives=tuple(str(stage["gives"]) for stage in document["stages"]),
            input=IntType.parse(source["type"], MAX_ACCUMULATOR_BITS),
            input_image=_image(source),
            input_beats=int(source["beats"]),
            input_lanes=int(source["lanes"]),
            output=IntType.parse(axis["type"], MAX_ACCUMULATOR_BITS),
            output_image=_image(axis),
            output_beats=int(axis["beats"]),
            output_lanes=int(axis["lanes"]),
            **_queues(document.get("queues")),
        )
    except (OSError, ValueError, LookupError, TypeError, OverflowError):
        raise ModelError(
            f"{folder}: must be a design folder with design.json; write one with `hwgen build`"
        ) from None


def _reads(stages: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, ...], ...]:
    """Read what each unit reads: units before it, or -1 for what enters."""
    found = tuple(tuple(map(int, stage["reads"])) for stage in stages)
    for unit, sources in enumerate(found):
        if not all(-1 <= source < unit for source in sources):
            raise ValueError(f"unit {unit} must read units before it")
    return found


def _queues(document: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read what the depths of queues rest on."""
    if document is None:
        return {}
    rhythm, promises = document["rhythm"], document["promises"]
    if rhythm is not None:
        passes = tuple(str(table) for table in rhythm["passes"])
        numbers = {name: int(rhythm[name]) for name in ("start", "vectors", "period")}
        rhythm = Rhythm(**numbers, passes=passes)
    found = [
        Promise(
            beats=int(promise["beats"]),
            needs=str(promise["needs"]),
            takes=str(promise["takes"]),
            holds=bool(promise["holds"]),
            depth=int(promise["depth"]),
        )
        for promise in promises
    ]
    alone = tuple((int(own[0]), int(own[1])) for own in document["alone"])
    return {"rhythm": rhythm, "promises": tuple(found), "alone": alone}


def _image(port: Mapping[str, Any]) -> tuple[int, int]:
    height, width = map(int, port["image"])
    return height, width


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
