"""The integer network as an object: what `hwgen.load` gives and `hwgen.build` takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import RenderableType

from hwgen.errors import ModelError
from hwgen.interface.shown import as_bundle, as_text
from hwgen.ir import Graph
from hwgen.numeric import IntArray
from hwgen.reference import outputs
from hwgen.report.inspection import inspection, inspection_table

RealArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Network:
    """An integer network: what `hwgen.load` gives and `hwgen.build` takes.

    In a notebook it shows its layers with their accumulator bounds, as `hwgen inspect` does.
    """

    graph: Graph = field(repr=False)

    def __repr__(self) -> str:
        shape, kind = self.graph.input.shape, self.graph.input.type
        size = "x".join(map(str, shape))
        return (
            f"Network({self.graph.name!r}: {size} {kind}, {len(self.graph.nodes)} nodes, "
            f"gives {self.graph.result})"
        )

    def __str__(self) -> str:
        return as_text(self._table())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return as_bundle(self._table())

    def _table(self) -> RenderableType:
        return inspection_table(self.inspect())

    def inspect(self) -> dict[str, Any]:
        """Give shapes, types, sparsity, norms and accumulator bounds as plain data."""
        return inspection(self.graph)

    def run(self, x: IntArray) -> IntArray:
        """Run the network on integers: the golden model that the gates equal on every input.

        Parameters
        ----------
        x
            (samples, *input shape), integers of the input's type.

        Returns
        -------
        (samples, *output shape), int64.

        Raises
        ------
        ModelError
            Where `x` has another shape or values outside the input's type.
        """
        return outputs(self.graph, x)

    def values(self, y: IntArray) -> RealArray:
        """Give the real values that outputs stand for, `scale * y + offset` channel by channel.

        Parameters
        ----------
        y
            (samples, *output shape), as `run` gives them.

        Returns
        -------
        The same shape, float64.

        Raises
        ------
        ModelError
            Where outputs stand for no real values: a class, bits, or the sums of a bare matrix.
        """
        real = self.graph.dequantization
        if real is None:
            raise ModelError(
                f"{self.graph.name}: outputs must stand for real values, and are "
                f"{self.graph.result}; use them as they are"
            )
        y = np.asarray(y)
        shape = self.graph.tensors[self.graph.output].shape
        if y.shape[1:] != shape or not y.ndim:
            raise ModelError(
                f"{self.graph.name}: outputs must have shape (samples, {str(shape)[1:-1]}), not "
                f"{y.shape}"
            )
        by_channel = (-1, *[1] * (y.ndim - 2))  # axis 1 of the outputs
        scale, offset = (
            np.array(numbers).reshape(by_channel) for numbers in (real.scale, real.offset)
        )
        values: RealArray = scale * y + offset
        return values
