"""HLS C++ of convolutions that are folded on a map: seconds of its proof, and of 10,000 images.

    python bench/hls/folded_maps.py [--json | --markdown] [--sizes 8 16 28]

Each network has three 3x3 convolutions of 8, 16 and 32 channels with a pooling between, 4-bit
weights of which 70 % are zero, codes of 4 bits, 4 PEs of 2 lanes and up to 4 neighbours, for xc7.
The proof of the C++ is a process of its own: processor seconds and most memory, compiler included.
Images are random, on one thread, beside the NumPy reference; `products` are nonzero weights, each
as often as a frame uses it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.proofs.folded_maps import LAYERS
from bench.shared.map_networks import map_network
from bench.shared.row_file import Row
from hwgen.flow import build
from hwgen.hls.model import CppModel
from hwgen.ir import Graph
from hwgen.plan.options import BuildOptions
from hwgen.prove.maps.size import frame_products
from hwgen.prove.netlist.read import read_folder
from hwgen.reference import outputs

SIZES = (8, 16, 28)
IMAGES = 10_000
PROVE = """
import json, pathlib, resource, sys
from hwgen.prove.cpp.run import prove_cpp_folder
proof = prove_cpp_folder(pathlib.Path(sys.argv[1]))
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
seconds = sum(one.ru_utime + one.ru_stime for one in used)
print(json.dumps([proof.proved, seconds, max(one.ru_maxrss for one in used) / 1024]))
"""
HEAD = ("map", "products a frame", "proof, s", "MB", "10,000 images, s", "NumPy, s")


def row(size: int) -> Row:
    """Build one network, prove its C++ and run it."""
    graph = map_network(
        seed=0, shape=(1, size, size), layers=LAYERS, inputs=4, codes=4, weight_bits=4, density=0.3
    )
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "design"
        options = BuildOptions(style="folded", pe=4, simd=2, pixels=4, effort="low")
        build(graph, options, folder, hls=True)
        command = [sys.executable, "-c", PROVE, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        proved, seconds, megabytes = json.loads(done.stdout)
        if not proved:
            raise SystemExit(f"{size}x{size}: the C++ is not proved")
        cpp, numpy = image_seconds(graph, CppModel(folder))
        return {
            "case": f"{size}x{size}",
            "products": frame_products(read_folder(folder)),
            "proof_s": round(seconds, 1),
            "mb": round(megabytes),
            "ours": cpp,
            "numpy": numpy,
            "ratio": round(numpy / cpp, 2),
        }


def image_seconds(graph: Graph, model: CppModel) -> tuple[float, float]:
    """Give processor seconds of many images through the C++ and the reference."""
    limits, rng = graph.input.type, np.random.default_rng(0)
    x = rng.integers(limits.lo, limits.hi + 1, (IMAGES, *graph.input.shape))
    start = time.process_time()
    found = model.run(x)
    middle = time.process_time()
    wanted = outputs(graph, x)
    end = time.process_time()
    if not np.array_equal(found, wanted):
        raise SystemExit(f"{graph.name}: the C++ gives other outputs than the reference")
    return round(middle - start, 2), round(end - middle, 2)


def cells(item: Row) -> tuple[str, ...]:
    """The cells of a row for people."""
    figures = (f"{item['proof_s']:.0f}", f"{item['mb']:,}", f"{item['ours']}", f"{item['numpy']}")
    return str(item["case"]), f"{item['products']:,}", *figures


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
        table = Table(*HEAD, title="HLS C++ of convolutions that are folded on a map")
        for item in rows:
            table.add_row(*cells(item))
        Console().print(table)


if __name__ == "__main__":
    main()
