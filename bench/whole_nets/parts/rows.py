"""What every row of `bench/whole_nets/dense.py` needs: the net, its facts, its synthesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench.shared.block_rams import block_rams, priced_luts
from bench.whole_nets.parts.models import trained
from hwgen.ir import Graph
from hwgen.plan.design import Plan
from hwgen.plan.layers import layers_of
from hwgen.synth.run import SynthResult, synthesise_verilog
from training.score import Metric

WIDE = 32  # bits of the baseline's accumulators
MOST_LUTS = 30_000  # by the planner's count; a larger design is neither synthesised nor placed
MOST_PROVED = 5_000  # a folded design of no more is proved too, and the smallest simulated
METRICS: tuple[Metric, ...] = get_args(Metric)
Say = Callable[[str], None]
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where nets and designs are kept, where the data is, and who is told what goes on.

    The limits are LUTs of a design by the planner's count: of more than `most_luts` it is not
    synthesised, of more than `most_placed` not placed, of more than `most_proved` a folded one is
    neither proved nor simulated.
    """

    work: Path
    data: Path | None
    say: Say
    most_luts: int = MOST_LUTS
    most_placed: int = MOST_LUTS
    most_proved: int = MOST_PROVED


def net_of(name: str, place: Place) -> Graph:
    place.say("train, or load")
    epoch = "train, epoch"
    return trained(name, place.work, place.data, lambda e: place.say(f"{epoch} {e.number}"))


def counts(found: SynthResult, plan: Plan) -> Row:
    """What Yosys says of a design."""
    brams = block_rams(found.total, plan.target)
    return {
        "luts": found.luts,
        "ffs": found.total.ffs,
        "brams": brams,
        "priced_luts": priced_luts(found.luts, brams, plan.target),
    }


def frames_a_second(found: SynthResult, plan: Plan) -> int | None:
    """Vectors or frames a second at the clock that nextpnr found, None where it found none."""
    fmax = found.fmax_mhz
    return None if fmax is None else round(fmax * 1e6 / plan.interval_cycles)


def facts(name: str, graph: Graph) -> Row:
    metadata = graph.metadata
    layers = [layer for layer in layers_of(graph) if layer.accumulators]  # a pooling has none
    metric = next(kind for kind in METRICS if f"{kind}_float" in metadata)
    exact, score = metadata[f"{metric}_float"], metadata[f"{metric}_integer"]
    return {
        "model": name,
        "seed": metadata["seed"],
        metric: score,
        f"{metric}_float": exact,
        "share_of_float": round(100 * score / exact, 2),
        "weights": sum(layer.weight.size for layer in layers),
        "nonzero": sum(layer.nonzero for layer in layers),
        "accumulator_bits": [max(a.bits for a in layer.accumulators) for layer in layers],
    }


def synthesised(
    plan: Plan, folder: Path, target: str, say: Say = lambda _: None, *, pnr: bool = False
) -> SynthResult:
    file = folder / f"{plan.name}.v"
    log = folder / "synth" / f"{target}.log"
    return synthesise_verilog(
        [file],
        plan.name,
        target,
        clock="aclk",
        pnr=pnr,
        log=log,
        announce=say,
    )
