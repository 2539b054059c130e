"""Sparsity, values and norms of a layer's weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import floor
from typing import Any

import numpy as np

from hwgen.bounds import a2q_cap, offset_cap
from hwgen.ir import Weighted
from hwgen.numeric import Range

MAX_BINS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of nonzero weights; bin k holds values `start + k * step` to one below the next."""

    start: int
    step: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFigures:
    """The weights of one layer.

    `l1_norms` is one a channel. `cap` is the largest norm that is certain to fit `target_bits`:
    the offset register's for offset registers, A2Q's for signed ones. Where the norm itself had a
    target, `target_units`, it is the smaller of both. All three are None without a target.
    """

    bits: int
    count: int
    nonzero: int
    smallest: int
    largest: int
    histogram: Histogram
    l1_norms: tuple[int, ...]
    method: str
    target_bits: int | None
    target_units: int | None
    cap: int | None

    @property
    def trained_for(self) -> str:
        """What the norms had to keep, in words; empty where there was nothing."""
        said = [] if self.target_bits is None else [f"{self.target_bits} bits"]
        said += [] if self.target_units is None else [f"{self.target_units} units"]
        return ", ".join(said)

    @property
    def sparsity(self) -> float:
        """Share of weights that are zero."""
        return 1 - self.nonzero / self.count

    def to_json(self) -> dict[str, Any]:
        """Everything, for report.json."""
        return asdict(self) | {"sparsity": self.sparsity}


def weight_figures(node: Weighted, source: Range) -> WeightFigures:
    """Count the weights of a layer whose inputs lie in `source`."""
    first = node.accumulators[0]
    targets = [a.target_bits for a in node.accumulators if a.target_bits is not None]
    target = max(targets, default=None)
    cap = None
    if target is not None:
        signed_cap = floor(a2q_cap(target, source.type))
        cap = offset_cap(target, source) if first.method == "offset" else signed_cap
    if first.target_units is not None:
        cap = first.target_units if cap is None else min(cap, first.target_units)
    return WeightFigures(
        bits=node.weight_bits,
        count=int(node.weight.size),
        nonzero=int(np.count_nonzero(node.weight)),
        smallest=int(node.weight.min()),
        largest=int(node.weight.max()),
        histogram=histogram(node.weight),
        l1_norms=tuple(int(norm) for norm in np.abs(node.rows).sum(axis=1)),
        method=first.method,
        target_bits=target,
        target_units=first.target_units,
        cap=cap,
    )


def histogram(weight: np.ndarray) -> Histogram:
    """Count the nonzero weights in at most `MAX_BINS` bins; where values fit, a bin a value."""
    smallest, largest = int(weight.min()), int(weight.max())
    step = 1
    while largest // step - smallest // step + 1 > MAX_BINS:
        step *= 2
    start = smallest // step
    bins = weight[weight != 0] // step - start
    counts = np.bincount(bins, minlength=largest // step - start + 1)
    return Histogram(start=start * step, step=step, counts=tuple(int(n) for n in counts))
