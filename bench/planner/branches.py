"""Networks with branches, planned: cycles, estimated LUTs and block RAMs, and what planning takes.

    python bench/planner/branches.py [--json | --markdown] [--out FILE] [--emit DIR] [NAME ...]

The nets are those of `training/nets` with W4A4, eight bits at the ends and P = 10 (`a2q_ip`), after
six steps on random images: their accuracy says nothing, their zeros are those of the bound. All
layers are folded on four rows and four neighbours, for xc7. `luts` and `brams` (halves of 18 kbit)
are the planner's estimates; nothing is synthesised. `seconds` are those of the processor. With
`--emit` the design folder is written too: `emit_seconds`, and `megabytes` at the most.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from torch import nn

from bench.shared.row_file import Row, RowFile
from hwgen.emit import emit
from hwgen.ir import Graph
from hwgen.nn import export_graph
from hwgen.plan.estimate.stage import layer_costs
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.stages.stage import Fifo
from training.nets.bits import NetBits
from training.nets.espcn import Espcn
from training.nets.resnet18 import ResNet18
from training.nets.unet import UNet

STEPS, BATCH = 6, 8
COLUMNS = {
    "case": "network",
    "measure": "map",
    "cycles": "cycles a frame",
    "luts": "LUTs",
    "brams": "block RAMs",
    "queue_bits": "bits in queues",
    "seconds": "planning, CPU seconds",
    "emit_seconds": "writing the folder",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A net of `training/nets` at a width, and the images that it reads."""

    kind: type[ResNet18] | type[Espcn] | type[UNet]
    width: float
    shape: tuple[int, int, int]

    def graph(self, name: str) -> Graph:
        """Train it for a few steps and give its integers."""
        torch.manual_seed(0)
        bits = NetBits(
            method="a2q_ip",
            weight_bits=4,
            activation_bits=4,
            accumulator_bits=10,
            end_bits=8,
            backward="soft",
            calibration_steps=4,
        )
        net = self.kind(bits, width=self.width)
        descent = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(STEPS):
            images = torch.rand(BATCH, *self.shape)
            descent.zero_grad()
            self._loss(net(images), images).backward()
            descent.step()
        return export_graph(net.eval(), name=name, input_shape=self.shape)

    def _loss(self, given: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        if self.kind is ResNet18:
            return nn.functional.cross_entropy(given, torch.randint(0, 10, (BATCH,)))
        return (given - nn.functional.interpolate(images, scale_factor=3)).square().mean()


CASES = {
    "espcn_half": Case(kind=Espcn, width=0.5, shape=(1, 40, 30)),
    "resnet18_quarter": Case(kind=ResNet18, width=0.25, shape=(3, 32, 32)),
    "unet_quarter": Case(kind=UNet, width=0.25, shape=(1, 48, 48)),
    "resnet18_full": Case(kind=ResNet18, width=1.0, shape=(3, 32, 32)),
}


def measured(name: str, case: Case, emit_to: Path | None) -> Row:
    """Plan one net, and write its design where that is asked for."""
    graph, start = case.graph(name), time.process_time()
    plan = plan_design(graph, BuildOptions(style="folded", pe=4, pixels=4))
    seconds = time.process_time() - start
    costs = layer_costs(plan)
    queues = [stage for stage in plan.stages if isinstance(stage, Fifo)]
    row = key(name, case) | {
        "cycles": plan.interval_cycles,
        "luts": sum(cost.luts for cost in costs),
        "brams": sum(cost.brams for cost in costs),
        "queue_bits": sum(queue.depth * queue.inputs.width for queue in queues),
        "seconds": round(seconds),
    }
    if emit_to is not None:
        start = time.process_time()
        emit(plan, graph, emit_to / name, lambda _, __: None)
        row["emit_seconds"] = round(time.process_time() - start)
        row["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return row


def key(name: str, case: Case) -> Row:
    """Give what a row is found by."""
    height, width = case.shape[1:]
    return {"measure": f"{height}x{width}", "case": name, "target": "xc7"}


def markdown(rows: list[Row]) -> str:
    """Give the table of docs/graphs.md."""
    lines = ["| " + " | ".join(COLUMNS.values()) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        cells = (row.get(column, "-") for column in COLUMNS)
        texts = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        lines.append("| " + " | ".join(texts) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CASES)}; all")
    parser.add_argument("--out", type=Path, help="keep rows here, and go on behind those there")
    parser.add_argument("--emit", type=Path, metavar="DIR", help="write the designs here")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a row a line")
    form.add_argument("--markdown", action="store_true", help="the table of docs/graphs.md")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(CASES)
    if unknown:
        parser.error(f"NAME must be of {', '.join(CASES)}, not {', '.join(sorted(unknown))}")
    file, rows = RowFile(arguments.out, {"torch": torch.__version__}), []
    console = Console(stderr=True)
    for name in track(arguments.names or list(CASES), "networks", console=console):
        found = file.find(key(name, CASES[name])) or file.add(
            measured(name, CASES[name], arguments.emit)
        )
        rows.append(found)
    text = markdown(rows) if arguments.markdown else "\n".join(map(json.dumps, rows))
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
