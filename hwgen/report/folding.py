"""How many products a layer makes at once, in words that all tables share."""

from __future__ import annotations

from hwgen.report.design_folder import BuiltLayer
from hwgen.report.markup import TIMES, UNIT_SPACE

FOLDING = f"PE{UNIT_SPACE}{TIMES}{UNIT_SPACE}SIMD"


def folding(built: BuiltLayer) -> str:
    """Give PE and SIMD, and the windows side by side that are summed at once where several are."""
    parts = [built.pe, built.simd, *([built.pixels] if built.pixels > 1 else [])]
    return f" {TIMES} ".join(map(str, parts))
