"""Rows as Markdown: methods against budgets, means over seeds, one table a network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import get_args

from hwgen.nn.weight_quant import Method
from training.sweep.rows import DEFAULTS, Row

METHODS: tuple[Method, ...] = get_args(Method)
WITHIN = {"method", "accumulator_bits", "units", "seed"}  # what differs within one table
KEPT = 0.99  # share of the score of `qat` that counts as keeping it
UNITS = {"accuracy": "%", "psnr": "dB"}


@dataclass(frozen=True, slots=True)
class Bound:
    """What the layers keep: P, units, or both."""

    bits: int | None
    units: tuple[int, ...] = ()

    def __str__(self) -> str:
        bits = [] if self.bits is None else [str(self.bits)]
        return ", ".join(bits + ["units " + "-".join(map(str, self.units))] * bool(self.units))

    def order(self) -> tuple[bool, int, int]:
        """Put every P first, the widest before all, then units, the most before all."""
        return bool(self.units), -(self.bits or 0), -sum(self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Rows that differ in their seed alone."""

    score: float
    low: float
    high: float
    zeros_percent: float
    seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """All rows of one network with one set of settings.

    Parameters
    ----------
    title
        The recipe, and the settings in which it differs from the others of the same recipe.
    unit
        Of the scores.
    free
        `qat`, without a bound; None where it was not trained.
    means
        By method and bound.
    """

    title: str
    unit: str
    free: Mean | None
    free_bits: int | None
    data_type_bits: int
    score_float: float
    means: dict[tuple[Method, Bound], Mean]
    failed: int

    @property
    def bounds(self) -> list[Bound]:
        """Every bound, the widest P first, units last."""
        return sorted({bound for _, bound in self.means}, key=Bound.order)

    @property
    def by_width(self) -> dict[tuple[Method, int], Mean]:
        """The means of a P alone."""
        return {
            (method, bound.bits): mean
            for (method, bound), mean in self.means.items()
            if bound.bits is not None and not bound.units
        }

    @property
    def methods(self) -> list[Method]:
        """Every method that was trained with some bound."""
        return [method for method in METHODS if any(method == m for m, _ in self.means)]

    def smallest(self, method: Method) -> int | None:
        """Give the smallest P at which `method` keeps 99 % of the score of `qat`."""
        if self.free is None:
            return None
        enough = KEPT * self.free.score
        kept = [p for (m, p), mean in self.by_width.items() if m == method and mean.score >= enough]
        return min(kept, default=None)


def networks(rows: Sequence[Row]) -> list[Network]:
    """Sort rows by network, in the order of their first row."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(json.dumps(_settings(row), sort_keys=True), []).append(row)
    return [
        _network(_title(group[0], rows), group)
        for group in groups.values()
        if any("error" not in row for row in group)
    ]


def markdown(found: Iterable[Network]) -> str:
    """Write every network as a heading, a table, and what keeps 99 % of `qat`."""
    return "\n\n".join("\n".join(_section(network)) for network in found)


def _section(network: Network) -> list[str]:
    lines = [f"### {network.title} ({network.unit})", ""]
    if network.means:
        lines.append("| P | " + " | ".join(f"{m} | zeros" for m in network.methods) + " |")
        lines.append("|---" * (1 + 2 * len(network.methods)) + "|")
        for bound in network.bounds:
            cells = [_cell(network.means.get((method, bound))) for method in network.methods]
            lines.append(f"| {bound} | {' | '.join(cells)} |")
        lines.append("")
    lines.append(_free(network))
    if network.free is not None and network.by_width:
        widths = (f"{m} {network.smallest(m) or 'none'}" for m in network.methods)
        lines.append(f"Smallest P that keeps 99 % of qat: {', '.join(widths)}.")
    if network.failed:
        lines.append(f"Failed trainings, not counted: {network.failed}.")
    return lines


def _free(network: Network) -> str:
    tail = f"{network.data_type_bits} bits by the data types. Float: {network.score_float:.2f}."
    if network.free is None:
        return f"qat was not trained; {tail}"
    free = network.free
    return (
        f"qat, unconstrained: {free.score:.2f}, {free.zeros_percent:.0f} % zeros, "
        f"accumulators {network.free_bits} bits as certified, {tail}"
    )


def _cell(mean: Mean | None) -> str:
    return "- | -" if mean is None else f"{mean.score:.2f} | {mean.zeros_percent:.0f} %"


def _network(title: str, group: list[Row]) -> Network:
    good = [row for row in group if "error" not in row]
    cells: dict[tuple[Method, Bound], list[Row]] = {}
    for row in good:
        bound = Bound(row["accumulator_bits"], tuple(row.get("units") or ()))
        cells.setdefault((row["method"], bound), []).append(row)
    free = cells.pop(("qat", Bound(None)), [])
    return Network(
        title=title,
        unit=UNITS[good[0]["metric"]],
        free=_mean(free) if free else None,
        free_bits=max((row["certified_bits"] for row in free), default=None),
        data_type_bits=max(row["data_type_bits"] for row in good),
        score_float=fmean(row["score_float"] for row in good),
        means={key: _mean(found) for key, found in cells.items()},
        failed=len(group) - len(good),
    )


def _mean(rows: list[Row]) -> Mean:
    scores = [row["score_integer"] for row in rows]
    return Mean(
        score=fmean(scores),
        low=min(scores),
        high=max(scores),
        zeros_percent=fmean(row["zeros_percent"] for row in rows),
        seeds=len(rows),
    )


def _settings(row: Row) -> Row:
    """Give what must be equal in the rows of one table."""
    names = ["recipe", *(name for name in DEFAULTS if name not in WITHIN)]
    return {name: row.get(name, DEFAULTS.get(name)) for name in names}


def _title(row: Row, rows: Sequence[Row]) -> str:
    """Name the recipe, and what tells it from others of the same recipe."""
    same = [_settings(other) for other in rows if other["recipe"] == row["recipe"]]
    mine = _settings(row)
    differing = [name for name in mine if any(other[name] != mine[name] for other in same)]
    said = [f"{name.replace('_', ' ')} {_short(mine[name])}" for name in differing]
    return ", ".join([str(row["recipe"]), *said])


def _short(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
