"""Index of the largest element of a vector that arrives in several beats, in any order."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value

from hwgen.plan.stages.stage import PADDING, SerialArgmax
from hwgen.rtl.lanes import LaneComponent, choose, counter


class SerialArgmaxUnit(LaneComponent):
    """Keeps the best element so far; one output beat a vector, one cycle after its last beat.

    Of equal elements the one with the lowest index wins: the inverted index stands below the value,
    and the larger of both together is kept. A label stands below both, and decides nothing since no
    two indices are equal. Accepts a beat every cycle.

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
        beats, width = self.plan.inputs.beats, self.plan.outputs.lanes[0].bits
        beat, valid = counter(beats, "beat"), Signal()
        round_ = [self._candidate(m, lane, beat) for lane in range(len(self.plan.inputs.lanes))]
        while len(round_) > 1:
            round_ = [_larger(round_[k : k + 2]) for k in range(0, len(round_), 2)]
        best = Signal(len(round_[0]), reset_less=True)
        m.d.comb += [
            self.o.payload.e0.eq(best[:width] if self.plan.labels else ~best[:width]),
            self.o.valid.eq(valid),
            self.i.ready.eq(self.o.ready | ~valid),
        ]
        is_last = beat == beats - 1
        with m.If(self.i.ready):
            m.d.sync += valid.eq(self.i.valid & is_last)
            with m.If(self.i.valid):
                m.d.sync += [
                    beat.eq(Mux(is_last, 0, beat + 1)),
                    best.eq(Mux(beat.any(), _larger([best, round_[0]]), round_[0])),
                ]
        return m

    def _candidate(self, m: Module, lane: int, beat: Signal) -> Value:
        """Give value, inverted index and label of a lane as one number; padding is lowest."""
        kind, width = self.plan.inputs.lanes[lane], self.plan.index_bits
        labels, label_bits = self.plan.labels, self.plan.outputs.lanes[0].bits
        order = self.plan.inputs.order[lane :: len(self.plan.inputs.lanes)]
        top = (1 << width) - 1
        inverted = choose([Const(0 if e == PADDING else top - e, width) for e in order], beat)
        value = self.i.payload[f"e{lane}"].as_unsigned()
        if kind.signed:
            value = value ^ (1 << (kind.bits - 1))
        if PADDING in order:
            used = choose([Const(int(e != PADDING), 1) for e in order], beat)
            value = Mux(used, value, 0)
        parts = [inverted, value]
        if labels:
            own = [Const(0 if e == PADDING else labels[e], label_bits) for e in order]
            parts.insert(0, choose(own, beat))
        bits = sum(len(part) for part in parts)
        candidate = Signal(bits, name=f"candidate{lane}")
        m.d.comb += candidate.eq(Cat(*parts))
        return candidate


def _larger(pair: list[Value]) -> Value:
    return pair[0] if len(pair) == 1 else Mux(pair[1] > pair[0], pair[1], pair[0])
