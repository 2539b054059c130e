"""Seconds and memory of proving convolutions that are folded on a map.

    python bench/proofs/folded_maps.py [--json | --markdown] [--sizes 8 16]

Each network has three 3x3 convolutions of 8, 16 and 32 channels with a pooling between, 4-bit
weights of which 70 % are zero, codes of 4 bits, 4 PEs of 2 lanes and up to 4 neighbours, for xc7.
The proof is a process of its own: processor seconds and most memory, Yosys included. `products` are
nonzero weights, each as often as a frame uses it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.shared.map_networks import Conv, Pool, map_network
from bench.shared.row_file import Row
from bench.shared.timed_command import measured
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.prove.maps.size import frame_products
from hwgen.prove.netlist.read import read_folder

SIZES = (8, 16)
LAYERS = (Conv(channels=8), Pool(), Conv(channels=16), Pool(), Conv(channels=32))
HEAD = ("map", "products a frame", "cycles a frame", "seconds", "MB")


def row(size: int) -> Row:
    """Build one network and prove it."""
    graph = map_network(
        seed=0, shape=(1, size, size), layers=LAYERS, inputs=4, codes=4, weight_bits=4, density=0.3
    )
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "design"
        options = BuildOptions(style="folded", pe=4, simd=2, pixels=4, effort="low")
        plan = build(graph, options, folder)
        return {
            "case": f"{size}x{size}",
            "products": frame_products(read_folder(folder)),
            "cycles": plan.interval_cycles,
            "ours": measured("prove", str(folder)),
        }


def cells(item: Row) -> tuple[str, ...]:
    """The cells of a row for people."""
    ours = item["ours"]
    counts = f"{item['products']:,}", f"{item['cycles']:,}"
    return str(item["case"]), *counts, f"{ours['cpu_s']:.0f}", f"{ours['mb']:,}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--markdown", action="store_true", help="print the table of the documents")
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES))
    args = parser.parse_args()
    rows = [row(size) for size in track(args.sizes, console=Console(stderr=True))]
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
    elif args.markdown:
        lines = [HEAD, ("---",) * len(HEAD), *map(cells, rows)]
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
    else:
        table = Table(*HEAD, title="Proofs of folded convolutions on maps")
        for item in rows:
            table.add_row(*cells(item))
        Console().print(table)


if __name__ == "__main__":
    main()
