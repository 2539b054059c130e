"""Where the tape of a window buffer stands, and whose windows its steps end."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hwgen.plan.stages.window import WindowBuffer
from hwgen.plan.stages.window_steps import WindowSteps
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import counter


class TapeCounter(wiring.Component):
    """Counts rows and columns of steps, and decides at the start of a frame what to do first.

    Where the frame before has windows to end, `enough` pixels that wait are the first ones of the
    next frame, or the tape runs on without pixels and the frame starts after that. Either way is
    gone to its end.

    Parameters
    ----------
    plan
        The window buffer.

    Members
    -------
    step, enough : in
        The tape moves; the next steps that take pixels will not have to wait.
    row, column : out
        Of the step that comes.
    needs_pixel, shows : out
        It takes a pixel; it ends a window.
    """

    def __init__(self, plan: WindowBuffer) -> None:
        self.plan, self.steps = plan, WindowSteps(plan)
        super().__init__(
            {
                "step": In(1),
                "enough": In(1),
                "row": Out(counter(plan.rows, "row").shape()),
                "column": Out(counter(plan.row_steps, "column").shape()),
                "needs_pixel": Out(1),
                "shows": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pending, undecided, flushing, alone = Signal(), Signal(), Signal(), Signal()
        rows, columns = Decisions(m, self.row), Decisions(m, self.column)
        has_pixel = rows.of(self.steps.pixel_rows) & columns.of(self.steps.pixel_columns)
        m.d.comb += [
            alone.eq(flushing | (undecided & ~self.enough)),
            self.needs_pixel.eq(has_pixel & ~alone),
            self.shows.eq(self._shows(rows, columns, pending)),
        ]
        ends_row, last_row = columns.at(self.plan.row_steps - 1), rows.at(self.plan.rows - 1)
        with m.If(self.step):
            m.d.sync += self.column.eq(self.column + 1)
            with m.If(ends_row):
                m.d.sync += [self.column.eq(0), self.row.eq(self.row + 1)]
                with m.If(last_row):
                    m.d.sync += self.row.eq(0)
            if self.plan.tail:
                m.d.sync += [undecided.eq(ends_row & last_row), flushing.eq(alone)]
                with m.If(ends_row & last_row):
                    m.d.sync += pending.eq(1)
                last = divmod(self.plan.tail - 1, self.plan.row_steps)
                with m.If(pending & rows.equal(last[0]) & columns.equal(last[1])):
                    m.d.sync += [pending.eq(0), flushing.eq(0)]
                    with m.If(alone):
                        m.d.sync += [self.row.eq(0), self.column.eq(0)]
        return m

    def _shows(self, rows: Decisions, columns: Decisions, pending: Signal) -> Value:
        """Whether the step ends a window, of its own row or of the row before."""
        steps = self.steps
        kinds = (
            (columns.of(steps.own_columns), steps.own_rows),
            (columns.of(steps.late_columns), steps.late_rows),
        )
        own, late = (
            in_column & Mux(pending, rows.of(in_rows(True)), rows.of(in_rows(False)))
            for in_column, in_rows in kinds
        )
        return own | late
