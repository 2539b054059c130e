"""Verilog of y = W x from the peers da4ml and alkaid (`pip install hwgen[bench]`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

TOP = "peer"
PEERS = ("da4ml", "alkaid", "alkaid_ternary")


def emit_peer(
    peer: str, weights: npt.NDArray[np.int64], input_bits: int, folder: Path
) -> list[Path]:
    """Write a peer's Verilog for a matrix (out_features, in_features) and give its files."""
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
    return [
        file
        for file in sorted(folder.glob("src/**/*.v"))
        if "wrapper" not in file.name and "lookup_table" not in file.name
    ]


def _inputs(array: type, config: type, count: int, bits: int):
    x = array(count, hwconf=config(1, -1, -1))
    zeros = np.zeros(count, int)
    return x.quantize(zeros, np.full(count, bits), zeros)
