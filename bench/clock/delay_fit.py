"""The delay model's constants, from small designs that are placed and routed.

Rows of adders, decision diagrams with random thresholds, and shift registers that stall together;
each on its own between the registers of the harness. Non-negative least squares over the periods.
What is printed as ours is the model without `crowding`; the baseline is what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from amaranth.back import verilog
from rich.console import Console
from rich.progress import track
from scipy.optimize import nnls

from bench.shared.place_and_route import place_verilog
from hwgen.numeric import IntType
from hwgen.plan.cost.delay import MODELS, DelayModel
from hwgen.plan.design import Target
from hwgen.plan.stages.requantizers import Steps
from hwgen.plan.stages.stage import ParallelThreshold, Stream
from hwgen.rtl.units import unit_of

LEVELS, WIDTHS = (1, 2, 3), (6, 16)
DECISIONS = ((4, 1), (4, 2), (8, 1), (8, 2), (8, 4), (12, 2))  # bits of lane and code
ENABLES = (400, 1600, 3600)  # registers
SEEDS = (1, 2)
LANES = 4
DEPTH = 8  # of the shift registers

Case = tuple[str, int, int]


def cases() -> Iterator[Case]:
    """Kind of a design, its length or registers, and its bits."""
    yield from (("adders", levels, bits) for levels in LEVELS for bits in WIDTHS)
    yield from (("decision", bits, code) for bits, code in DECISIONS)
    yield from (("enable", count, 1) for count in ENABLES)


def design(kind: str, size: int, bits: int) -> tuple[str, str | None]:
    """Verilog of a module `fit`, and its clock port."""
    match kind:
        case "adders":
            return _adders(size, bits), None
        case "decision":
            return verilog.convert(unit_of(_staircases(size, bits)), name="fit"), None
        case _:
            return _shift_registers(size), "clk"


def _adders(levels: int, bits: int) -> str:
    inputs = ", ".join(f"x{k}" for k in range(levels + 1))
    sums = ["x0 + x1", *(f"s{k} + x{k + 2}" for k in range(levels - 1))]
    body = "".join(f"  wire [{bits - 1}:0] s{k} = {text};\n" for k, text in enumerate(sums))
    return (
        f"module fit(input [{bits - 2}:0] {inputs}, output [{bits - 1}:0] y);\n{body}"
        f"  assign y = s{levels - 1};\nendmodule\n"
    )


def _staircases(bits: int, code_bits: int) -> ParallelThreshold:
    rng = np.random.default_rng(bits * 10 + code_bits)
    count = (1 << code_bits) - 1
    places = (
        np.sort(rng.choice(np.arange(1, 1 << bits), count, replace=False)) for _ in range(LANES)
    )
    channels = tuple(
        Steps(thresholds=tuple(int(v) for v in row), codes=tuple(range(count + 1)))
        for row in places
    )
    inputs, outputs = (
        Stream(lanes=(IntType(bits=width, signed=False),) * LANES, order=tuple(range(LANES)))
        for width in (bits, code_bits)
    )
    return ParallelThreshold(
        name="fit", inputs=inputs, outputs=outputs, channels=channels, cuts=((),) * LANES
    )


def _shift_registers(count: int) -> str:
    width = count // DEPTH
    names = [f"r{k}" for k in range(DEPTH)]
    moves = " ".join(f"{b} <= {a};" for a, b in zip(["x", *names[:-1]], names, strict=True))
    return (
        f"module fit(input clk, ready, input [{width - 1}:0] x, output [{width - 1}:0] y);\n"
        f"  reg [{width - 1}:0] {', '.join(names)};\n  reg valid;\n"
        "  wire enable = ready | ~valid;\n"
        f"  always @(posedge clk) if (enable) begin {moves} valid <= x[0]; end\n"
        f"  assign y = {names[-1]};\nendmodule\n"
    )


def fit(targets: list[Target], console: Console) -> list[dict[str, object]]:
    """Measure all designs, and give their periods beside those of the fit and of the model."""
    rows: list[dict[str, object]] = []
    for target in targets:
        measured: dict[Case, float] = {}
        for case in track(list(cases()), description=f"fit {target}", console=console):
            text, clock = design(*case)
            measured[case] = 1000 / place_verilog(text, "fit", target, clock, SEEDS).median_mhz
        constants = _constants(measured, MODELS[target])
        rows += [
            {
                "case": f"{kind} {size} x {bits}",
                "target": target,
                "ours": round(_model_ns(MODELS[target], (kind, size, bits)), 2),
                "baseline": round(period, 2),
                "ratio": round(_model_ns(MODELS[target], (kind, size, bits)) / period, 3),
            }
            for (kind, size, bits), period in measured.items()
        ]
        rows += [
            {
                "case": name,
                "target": target,
                "ours": getattr(MODELS[target], name),
                "baseline": round(value, 3),
                "ratio": None,
            }
            for name, value in constants.items()
        ]
    return rows


def _model_ns(model: DelayModel, case: Case) -> float:
    kind, size, bits = case
    match kind:
        case "adders":
            return replace(model, crowding=1).adders(size, bits)
        case "decision":
            return model.register_ns + replace(model, crowding=1).decision(size)
        case _:
            return model.enable(size)


def _constants(measured: dict[Case, float], model: DelayModel) -> dict[str, float]:
    """Give the constants that fit best, one kind of design after the other."""
    adders = {case: ns for case, ns in measured.items() if case[0] == "adders"}
    (register, adder, carry), _ = nnls(
        np.array([[1, levels, bits] for _, levels, bits in adders]), np.array([*adders.values()])
    )
    decisions = {case: ns for case, ns in measured.items() if case[0] == "decision"}
    (lut, decision), _ = nnls(
        np.array([[1, max(bits - model.lut_bits, 0)] for _, bits, _ in decisions]),
        np.array([*decisions.values()]) - register,
    )
    enables = {case: ns for case, ns in measured.items() if case[0] == "enable"}
    (enable, root), _ = nnls(
        np.array([[1, count**0.5] for _, count, _ in enables]),
        np.array([*enables.values()]) - register,
    )
    return {
        "register_ns": register,
        "adder_ns": adder,
        "carry_ns": carry,
        "lut_ns": lut,
        "decision_ns": decision,
        "enable_ns": enable,
        "enable_root_ns": root,
    }
