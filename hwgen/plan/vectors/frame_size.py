"""How large the frames of a network may be: what it is tried on must fit into memory."""

from __future__ import annotations

from math import isqrt, prod

from hwgen.errors import PlanError
from hwgen.ir import Graph

MOST_IN_FRAME = 1 << 25  # of a frame; vectors of 27 million took 7 GB


def check_frame(graph: Graph) -> None:
    """Refuse a network whose test vectors do not fit into an ordinary memory.

    Raises
    ------
    PlanError
        Where a frame makes too many values; for images it says what size would fit.
    """
    values = sum(prod(tensor.shape) for tensor in graph.tensors.values())
    if values <= MOST_IN_FRAME:
        return
    fits = "use a smaller network"
    if len(graph.input.shape) == 3:
        _, height, width = graph.input.shape
        rows, columns = (isqrt(size * size * MOST_IN_FRAME // values) for size in (height, width))
        fits = (
            f"images of {rows} x {columns} fit: export the network for such, and cut larger "
            "images into tiles"
        )
    raise PlanError(
        f"{graph.name}: the tensors of a frame of {'x'.join(map(str, graph.input.shape))} hold "
        f"{values:,} values and must hold at most {MOST_IN_FRAME:,}, of which test vectors are "
        f"made; {fits}"
    )
