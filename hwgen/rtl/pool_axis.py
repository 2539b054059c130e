"""Where a pixel lies in the windows of a pooling, along one axis."""

from __future__ import annotations

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.window import RunningPool
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import counter


class PoolAxis(wiring.Component):
    """Counts windows, and the places of each.

    Parameters
    ----------
    plan
        The pooling.
    axis
        0 for its rows, 1 for its columns.

    Members
    -------
    step : in
        On to the next place.
    window : out
        Which window comes.
    inside, first, last : out
        The place belongs to it; is its first; its last.
    ends : out
        The last place of the image.
    """

    def __init__(self, plan: RunningPool, axis: int) -> None:
        self.size, self.kernel = plan.inputs.image[axis], plan.kernel[axis]
        self.windows = plan.outputs.image[axis]
        self.stride = plan.stride[axis] if self.windows > 1 else self.size
        self.strides = -(-self.size // self.stride)
        super().__init__(
            {
                "step": In(1),
                "window": Out(counter(self.strides, "window").shape()),
                **dict.fromkeys(("inside", "first", "last", "ends"), Out(1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place = counter(self.stride, "place")
        places, windows = Decisions(m, place), Decisions(m, self.window)
        in_window = windows.of([index < self.windows for index in range(self.strides)])
        m.d.comb += [
            self.inside.eq(in_window & places.of([p < self.kernel for p in range(self.stride)])),
            self.first.eq(places.of([p == 0 for p in range(self.stride)])),
            self.last.eq(places.of([p == self.kernel - 1 for p in range(self.stride)])),
            # in the last window no place comes after that
            self.ends.eq(windows.at(self.strides - 1) & places.at((self.size - 1) % self.stride)),
        ]
        with m.If(self.step):
            m.d.sync += place.eq(place + 1)
            with m.If(places.at(self.stride - 1)):
                m.d.sync += [place.eq(0), self.window.eq(self.window + 1)]
            with m.If(self.ends):
                m.d.sync += [place.eq(0), self.window.eq(0)]
        return m
