"""LUTs of unrolled matrix-vector units, ours and the peers', on the public matrices in one run.

    python bench/unrolled/peers.py [--json] [--out FILE] [--peers FILE] [--targets ...] [NAME ...]

Combinational y = W x with the true sums at the outputs, the same Yosys for all, LUT sites as
`hwgen synth` counts them. The opponent is the best of da4ml, alkaid and alkaid with its fusion of
three-operand adders, each as shipped and with additions mapped to carry chains first. Our Verilog
is what `hwgen build` writes, and `hwgen prove` proves it equal to the matrix on every input; the
peers' is simulated on random vectors. `model` is what the planner expected our netlist to cost.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.shared.matrices import SUITE, matrix
from bench.unrolled.peer_verilog import PEERS, TOP, check_peer, emit_peer
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.options import TARGETS, BuildOptions
from hwgen.prove.run import prove
from hwgen.synth.run import synthesise_verilog
from hwgen.synth.tools import find_yosys
from hwgen.synth.yosys import GENERAL_MAP


def ours(name: str, target: str) -> dict[str, object]:
    """Our LUTs for a matrix, what the planner expected, and how long it worked."""
    weights, bits = matrix(name)
    graph = matrix_graph(name, weights, IntType(bits=bits, signed=False))
    options = BuildOptions(style="unrolled", target=target, pipeline="none")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "ours"
        start = time.process_time()
        plan = build(graph, options, folder)
        seconds = time.process_time() - start
        certificate = prove(folder)
        if not certificate.proved:
            raise SystemExit(f"{name}: our Verilog is not proved: {certificate.problem}")
        files = [folder / f"{plan.name}.v"]
        luts = synthesise_verilog(files, f"{plan.name}__dense", target).total.luts
    model = graph_luts(plan.stages[0].graph, target)
    return {"luts": luts, "model": model, "build_cpu_s": round(seconds, 1)}


def peers(name: str, target: str) -> dict[str, int]:
    """LUTs of every peer and variant."""
    weights, bits = matrix(name)
    found = {}
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as work:
            netlist = emit_peer(peer, weights, bits, Path(work) / TOP)
            check_peer(netlist, weights, bits)
            for variant, alu_map in (("shipped", False), ("carry chains", True)):
                result = synthesise_verilog(
                    netlist.files, TOP, target, alu_map=alu_map, adder_map=GENERAL_MAP
                )
                found[f"{peer}, {variant}"] = result.total.luts
    return found


def row(name: str, target: str, known: dict[tuple[str, str], dict[str, int]]) -> dict[str, object]:
    """One matrix on one target; peers are measured where they are not known."""
    own, rivals = ours(name, target), known.get((name, target)) or peers(name, target)
    best = min(rivals, key=lambda peer: rivals[peer])
    return {
        "case": name,
        "target": target,
        "ours": own["luts"],
        "peer": rivals[best],
        "best_peer": best,
        "ratio": round(own["luts"] / rivals[best], 3),
        "model": own["model"],
        "model_error": round(own["model"] / own["luts"] - 1, 3),
        "build_cpu_s": own["build_cpu_s"],
        "peers": rivals,
    }


def print_table(rows: list[dict[str, object]]) -> None:
    """The rows for people, with the geometric mean of each target."""
    table = Table(title="LUTs of unrolled units: ours against the best peer")
    for column in ("matrix", "target", "ours", "best peer", "which", "ratio", "model error"):
        table.add_column(column, justify="left" if column in ("matrix", "which") else "right")
    for item in rows:
        keys = ("case", "target", "ours", "peer", "best_peer", "ratio", "model_error")
        table.add_row(*(str(item[key]) for key in keys))
    console = Console()
    console.print(table)
    for target, mean in geometric_means(rows).items():
        console.print(f"{target}: geometric mean of the ratios {mean:.3f}")


def geometric_means(rows: list[dict[str, object]]) -> dict[str, float]:
    """Geometric mean of ours / best peer on each target."""
    logs: dict[str, list[float]] = {}
    for item in rows:
        logs.setdefault(str(item["target"]), []).append(math.log(float(item["ratio"])))
    return {target: math.exp(sum(values) / len(values)) for target, values in logs.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write the document here, after each row")
    parser.add_argument(
        "--peers", type=Path, help="take the peers' LUTs from such a document, of the same versions"
    )
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("names", nargs="*", default=list(SUITE))
    args = parser.parse_args()
    cases = [(name, target) for name in args.names or SUITE for target in args.targets]
    progress = track(cases, description="unrolled", console=Console(stderr=True))
    known = known_peers(args.peers) if args.peers else {}
    rows: list[dict[str, object]] = []
    for name, target in progress:
        rows.append(row(name, target, known))
        if args.out:
            args.out.write_text(json.dumps(document(rows), indent=1) + "\n")
    if args.json:
        print(json.dumps(document(rows), indent=1))
        return
    print_table(rows)


def known_peers(file: Path) -> dict[tuple[str, str], dict[str, int]]:
    """The peers' LUTs by case and target in a document of the same versions."""
    found = json.loads(file.read_text())
    if found["tools"] != versions():
        raise SystemExit(f"{file}: made with {found['tools']}, and here are {versions()}")
    return {(item["case"], item["target"]): item["peers"] for item in found["rows"]}


def versions() -> dict[str, str]:
    """What the figures depend on; the peers' are the same in every run of the same versions."""
    peer_versions = {name: version(name) for name in ("da4ml", "alkaid")}
    return peer_versions | {"yosys": find_yosys().version}


def document(rows: list[dict[str, object]]) -> dict[str, object]:
    """The rows with their means and the versions that made them."""
    return {"tools": versions(), "rows": rows, "geometric_mean": geometric_means(rows)}


if __name__ == "__main__":
    main()
