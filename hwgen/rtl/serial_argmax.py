"""Index of the largest element of a vector that arrives in several beats."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Signal

from hwgen.plan.stages import PADDING, SerialArgmax
from hwgen.rtl.lanes import LaneComponent, counter, shape_of
from hwgen.rtl.parallel_argmax import Candidate, best


class SerialArgmaxUnit(LaneComponent):
    """Keeps the best element so far; one output beat a vector, one cycle after its last beat.

    Of equal elements the one with the lowest index wins. Accepts a beat every cycle.

    Parameters
    ----------
    plan
        Lanes and beats.
    """

    def __init__(self, plan: SerialArgmax) -> None:
        self.plan = plan
        super().__init__(plan.inputs.lanes, plan.outputs.lanes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beats, lanes = self.plan.inputs.beats, len(self.plan.inputs.lanes)
        width = self.plan.outputs.lanes[0].bits
        beat, valid = counter(beats, "beat"), Signal()
        value = Signal(shape_of(self.plan.inputs.lanes[0]), reset_less=True)
        index = Signal(width, reset_less=True)
        is_last = beat == beats - 1
        used = [lanes] * (beats - 1)
        used.append(sum(e != PADDING for e in self.plan.inputs.order[-lanes:]))
        base = Signal(width)
        m.d.comb += [
            base.eq(beat * lanes),
            self.o.payload.e0.eq(index),
            self.o.valid.eq(valid),
            self.i.ready.eq(self.o.ready | ~valid),
        ]
        top = self._best_of_beat(m, base, used[-1], is_last if used[-1] < lanes else Const(0))
        so_far = best((value, index), top)
        with m.If(self.i.ready):
            m.d.sync += valid.eq(self.i.valid & is_last)
            with m.If(self.i.valid):
                m.d.sync += [
                    beat.eq(Mux(is_last, 0, beat + 1)),
                    value.eq(Mux(beat == 0, top[0], so_far[0])),
                    index.eq(Mux(beat == 0, top[1], so_far[1])),
                ]
        return m

    def _best_of_beat(self, m: Module, base: Signal, used: int, short: object) -> Candidate:
        """Give the best lane of a beat; those beyond `used` do not count where it is `short`."""
        round_: list[Candidate] = []
        lowest = self.plan.inputs.lanes[0].lo
        for lane in range(len(self.plan.inputs.lanes)):
            value = self.i.payload[f"e{lane}"]
            if lane >= used:
                value = Mux(short, Const(lowest, value.shape()), value)
            place = Signal.like(base, name=f"place{lane}")
            m.d.comb += place.eq(base + lane)
            round_.append((value, place))
        while len(round_) > 1:
            round_ = [best(*round_[k : k + 2]) for k in range(0, len(round_), 2)]
        return round_[0]
