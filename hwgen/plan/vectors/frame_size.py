"""How large the frames of a network may be: what it is tried on must fit into memory."""

from __future__ import annotations

from math import isqrt, prod

from hwgen.errors import PlanError
from hwgen.ir import Graph

MOST_VALUES = 1 << 25  # of all tensors of a frame; the vectors of as many took 7.3 GB, 105 s


def check_frame(graph: Graph) -> None:
    """Refuse a network whose test vectors do not fit into an ordinary memory.

    Raises
    ------
    PlanError
        Where a frame makes too many values; for images it says what size would fit.
    """
    values = sum(prod(tensor.shape) for tensor in graph.tensors.values())
    if values <= MOST_VALUES:
        return
    fits = "use a smaller network"
    if len(graph.input.shape) == 3:
        _, height, width = graph.input.shape
        rows, columns = (isqrt(size * size * MOST_VALUES // values) for size in (height, width))
        fits = (
            f"images of {rows} x {columns} fit: export the network for such, and cut larger "
            "images into tiles"
        )
    raise PlanError(
        f"{graph.name}: the tensors of a frame of {'x'.join(map(str, graph.input.shape))} hold "
        f"{values:,} values and must hold at most {MOST_VALUES:,}, since test vectors are made of "
        f"them; {fits}"
    )
