"""Verilog of y = W x from the peers da4ml and alkaid (`hwgen[bench]`), and its check."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

TOP = "peer"
PEERS = ("da4ml", "alkaid", "alkaid_ternary")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerNetlist:
    """A peer's files, and (signed, integer, fraction) bits of each output."""

    files: list[Path]
    outputs: list[tuple[int, int, int]]


def emit_peer(
    peer: str, weights: npt.NDArray[np.int64], input_bits: int, folder: Path
) -> PeerNetlist:
    """Write a peer's Verilog for a matrix (out_features, in_features)."""
    if peer == "da4ml":
        from da4ml.codegen import VerilogModel
        from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace

        x = _inputs(FixedVariableArrayInput, HWConfig, weights.shape[1], input_bits)
        logic = comb_trace(x, x @ weights.T.astype(float))
        VerilogModel(logic, TOP, folder).write()
    else:
        from alkaid.codegen import RTLModel
        from alkaid.trace import FVArrayInput, HWConfig, trace

        x = _inputs(FVArrayInput, HWConfig, weights.shape[1], input_bits)
        logic = trace(x, x @ weights.T.astype(float))
        RTLModel(
            logic,
            folder,
            TOP,
            flavor="verilog",
            ternary_fuse=peer.endswith("ternary"),
            print_latency=False,
        ).write()
    files = [
        file
        for file in sorted(folder.glob("src/**/*.v"))
        if "wrapper" not in file.name and "lookup_table" not in file.name
    ]
    formats = [tuple(int(v) for v in kif) for kif in zip(*logic.out_kifs, strict=True)]
    return PeerNetlist(files=files, outputs=formats)


def check_peer(
    netlist: PeerNetlist, weights: npt.NDArray[np.int64], input_bits: int, vectors: int = 64
) -> None:
    """Simulate a peer's Verilog in Icarus; ends the program where it is not the matrix."""
    x = np.random.default_rng(1).integers(0, 2**input_bits, (vectors, weights.shape[1]))
    used = np.flatnonzero(weights.any(axis=0))  # the peers drop inputs that no output needs
    lines = [f"module tb; reg [{used.size * input_bits - 1}:0] x; wire [4095:0] y;"]
    width = sum(map(sum, netlist.outputs))
    lines.append(f"{TOP} u(.model_inp(x), .model_out(y[{width - 1}:0])); initial begin")
    for row in x[:, used]:
        packed = sum(int(value) << (i * input_bits) for i, value in enumerate(row))
        size = used.size * input_bits
        lines.append(f'x = {size}\'h{packed:x}; #1 $display("%b", y[{width - 1}:0]);')
    lines.append("$finish; end endmodule")
    with tempfile.TemporaryDirectory() as work:
        bench, program = Path(work) / "tb.v", str(Path(work) / "tb")
        bench.write_text("\n".join(lines))
        subprocess.run(
            ["iverilog", "-g2012", "-o", program, str(bench), *map(str, netlist.files)], check=True
        )
        shown = subprocess.run(["vvp", program], check=True, capture_output=True, text=True)
    found = np.array([_values(bits, netlist.outputs) for bits in shown.stdout.split()])
    if not np.array_equal(found, x @ weights.T):
        raise SystemExit(f"{netlist.files[0]}: differs from the matrix")


def _values(bits: str, formats: list[tuple[int, int, int]]) -> list[float]:
    """Give the outputs that a word holds, lowest first."""
    values, end = [], len(bits)
    for signed, integer, fraction in formats:
        field = bits[end - signed - integer - fraction : end]
        end -= len(field)
        number = int(field or "0", 2)
        if signed and field.startswith("1"):
            number -= 1 << len(field)
        values.append(number * 2.0**-fraction)
    return values


def _inputs(array: type, config: type, count: int, bits: int):
    x = array(count, hwconf=config(1, -1, -1))
    zeros = np.zeros(count, int)
    return x.quantize(zeros, np.full(count, bits), zeros)
