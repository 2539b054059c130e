"""The stream between two units on maps: the image, its channels, and the operations that follow."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from hwgen.ir import Concat, Flatten, Graph, Op
from hwgen.prove.machine.streams import cut
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.units.dense import DenseProof
from hwgen.prove.units.window import Tap
from hwgen.prove.views import Channel, View


def entering(graph: Graph) -> MapStream:
    """Give the stream that enters the design, and all operations."""
    nodes, source, shape = list(graph.nodes), graph.input.type, graph.input.shape
    vector = len(shape) != 3 or _is_flattened(graph, "input")
    count = prod(shape) if vector else shape[0]
    channels = [Channel(limits=source.range, bits=source.bits)] * count
    return MapStream(nodes, (1, 1) if vector else (shape[1], shape[2]), channels)


def _is_flattened(graph: Graph, name: str) -> bool:
    """Whether all that reads a value, also beside others, takes its elements as a vector."""
    readers = [node for node in graph.nodes if name in node.inputs]
    return bool(readers) and all(
        _is_flattened(graph, node.name) if isinstance(node, Concat) else isinstance(node, Flatten)
        for node in readers
    )


class MapStream:
    """What leaves the last unit that was looked at.

    Attributes
    ----------
    nodes
        Operations that no unit was found for yet.
    image, channels
        Of the map; a vector is a map of one position.
    view, taps
        Behind a window buffer, of which windows its lanes are which taps; else there are no taps.
    sums
        Behind a matrix, what its lanes carry, for each set of taps inside; else there are none.
    flows
        How each unit so far waits that is a pipeline.
    """

    def __init__(
        self, nodes: list[Op], image: tuple[int, int], channels: Sequence[Channel]
    ) -> None:
        self.nodes, self.image, self.channels = nodes, image, list(channels)
        self.view, self.taps = View(image=image), list[Tap]()
        self.sums: list[DenseProof] = []
        self.flows: list[tuple[str, Flow]] = []

    @property
    def positions(self) -> int:
        """Beats of a frame."""
        return prod(self.image)

    def head(self, *kinds: type) -> Op | None:
        """Give the next operation, if it is of some kind; a map of one pixel is its own vector."""
        if self.nodes and isinstance(self.nodes[0], Flatten) and self.positions == 1:
            self.nodes.pop(0)
        return self.nodes[0] if self.nodes and isinstance(self.nodes[0], kinds) else None

    def pop(self, module: Module, *kinds: type) -> Op:
        """Give the next operation, which a unit must be of.

        Raises
        ------
        NotProvedError
            Where it is of another kind.
        """
        node = self.head(*kinds)
        if node is None:
            raise NotProvedError(f"{module.name}: must be of an operation of the network")
        self.nodes.pop(0)
        return node

    def cut(self, module: Module, widths: Sequence[int]) -> list[Word]:
        """Cut what a unit reads into the lanes of the unit before it.

        Raises
        ------
        NotProvedError
            Where the two have not as many bits.
        """
        payload = module.port("i__payload")
        if len(payload) != sum(widths):
            raise module.problem(
                payload[0], f"i__payload must have {sum(widths)} bits, not {len(payload)}"
            )
        return cut(payload, widths)

    def to_positions(self) -> None:
        """Go on with the map of what was given at each position of the windows."""
        self.image, self.taps = self.view.outputs, []
        self.view = View(image=self.image)

    def pixels_of(self, module: Module) -> list[Word]:
        """Cut what a unit reads into channels."""
        return self.cut(module, [channel.bits for channel in self.channels])
