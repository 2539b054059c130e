"""The maps that a simulated design gave, sim/maps.npz, beside what went in and the reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwgen.digests import digest
from hwgen.errors import ModelError
from hwgen.ir import Graph
from hwgen.json_fields import read_json
from hwgen.network_file import load_arrays
from hwgen.numeric import IntArray, IntType

CHANNELS = (1, 3)  # that are shown as a picture: grey, or red, green and blue
LEAST_SIDE = 6  # pixels; less is no picture


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedMaps:
    """Maps of a few frames, each (frames, channels, H, W), and the types of their elements."""

    inputs: IntArray
    reference: IntArray
    simulated: IntArray
    input_type: IntType
    output_type: IntType

    @property
    def differing(self) -> int:
        """Elements that are not the reference's."""
        return int((self.simulated != self.reference).sum())


def read_simulated_maps(folder: Path, graph: Graph) -> SimulatedMaps | None:
    """Give the maps of the last simulation; None where it kept none, or none that are pictures.

    The caller has seen that sim/result.json is of the files as they are.

    Raises
    ------
    ModelError
        Where the file is not one of this network's.
    """
    path = folder / "sim" / "maps.npz"
    expected = read_json(path.with_name("result.json"), "hwgen sim").optional_text("maps")
    shapes = graph.input.shape, graph.tensors[graph.output].shape
    if expected is None or digest(path) != expected or not all(map(_is_picture, shapes)):
        return None
    arrays = load_arrays(path)
    try:
        x, y, simulated = (
            arrays[name].astype(np.int64).reshape(-1, *shape)
            for name, shape in zip(("x", "y", "simulated"), (*shapes, shapes[1]), strict=True)
        )
    except (ValueError, KeyError):
        x = y = simulated = np.zeros(0, np.int64)
    if not 0 < len(x) == len(y) == len(simulated):
        raise ModelError(
            f"{path}: must hold the maps that `hwgen sim` kept; simulate the design again"
        )
    return SimulatedMaps(
        inputs=x,
        reference=y,
        simulated=simulated,
        input_type=graph.input.type,
        output_type=graph.tensors[graph.output].range.type,
    )


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[0] in CHANNELS and min(shape[1:]) >= LEAST_SIDE
