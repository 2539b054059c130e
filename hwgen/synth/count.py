"""Cells of a synthesised design, counted in LUT sites, registers, carries and blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from hwgen.errors import ToolError
from hwgen.synth.targets import Target

Stat = Mapping[str, Mapping[str, int]]
"""Cell counts by module name, then by cell type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a module takes. `luts` are LUT sites, memory among them; `bram_bits` are capacities."""

    luts: int = 0
    ffs: int = 0
    carries: int = 0
    brams: int = 0
    bram_bits: int = 0
    dsps: int = 0

    def plus(self, other: Counts, times: int = 1) -> Counts:
        """Add `times` the others; -1 gives the difference."""
        names = (item.name for item in fields(self))
        return Counts(
            **{name: getattr(self, name) + times * getattr(other, name) for name in names}
        )

    def to_json(self) -> dict[str, int]:
        """Give the counts by name."""
        return asdict(self)


def read_stat(text: str) -> Stat:
    """Cells of every module in the output of Yosys' `stat -json`, names unescaped."""
    modules = json.loads(text[text.find("{") :])["modules"]
    return {
        name.removeprefix("\\"): {
            cell.removeprefix("\\"): count for cell, count in module["num_cells_by_type"].items()
        }
        for name, module in modules.items()
    }


def count_cells(cells: Mapping[str, int], target: Target) -> Counts:
    """Count the cells of one flat module.

    Raises
    ------
    ToolError
        Where a cell type stands in no table of the target.
    """
    unknown = sorted(cell for cell in cells if not target.knows(cell))
    if unknown:
        raise ToolError(
            f"{target.name}: every cell must have a known cost, and {', '.join(unknown)} has none; "
            "build the design from logic that Yosys maps to this target"
        )
    return Counts(
        luts=sum(cells.get(cell, 0) * sites for cell, sites in target.sites.items()),
        ffs=sum(cells.get(cell, 0) for cell in target.ffs),
        carries=sum(cells.get(cell, 0) for cell in target.carries),
        brams=sum(cells.get(cell, 0) for cell in target.bram_bits),
        bram_bits=sum(cells.get(cell, 0) * bits for cell, bits in target.bram_bits.items()),
        dsps=sum(cells.get(cell, 0) for cell in target.dsps),
    )


def count_module(stat: Stat, name: str, target: Target) -> Counts:
    """Count one module with everything below it."""
    counts = count_own(stat, name, target)
    for child, times in _children(stat, name).items():
        counts = counts.plus(count_module(stat, child, target), times)
    return counts


def count_own(stat: Stat, name: str, target: Target) -> Counts:
    """Count one module without the modules that it instantiates."""
    cells = {cell: times for cell, times in stat[name].items() if cell not in stat}
    return count_cells(cells, target)


def count_children(stat: Stat, name: str, target: Target) -> dict[str, Counts]:
    """Count each module that `name` instantiates, all of its instances together.

    Keys are module names without the leading `<name>.` of Amaranth or `<name>__` of hwgen.
    """
    return {
        child.removeprefix(f"{name}.").removeprefix(f"{name}__"): Counts().plus(
            count_module(stat, child, target), times
        )
        for child, times in _children(stat, name).items()
    }


def _children(stat: Stat, name: str) -> dict[str, int]:
    """Instances by module, in the order of the modules' names."""
    return {cell: times for cell, times in sorted(stat[name].items()) if cell in stat}
