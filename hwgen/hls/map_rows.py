"""Rows of a map that come into memories while windows further up are computed from them.

A turn of the loop is a step of the program, a beat that comes, or both. While one row of windows
is computed the rows that only the next one sees come, evenly: a frame takes the turns of the first
rows, and then the larger of steps and beats.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hwgen.hls.text import indented
from hwgen.plan.stages.lines import Lines
from hwgen.plan.stages.stage import FoldedDense


@dataclass(frozen=True)
class MapRows:
    """When rows come, and in which slots of the memories they lie.

    `top` and `left` are the map's row and column of the first tap of the windows that are computed;
    a row of windows begins one stride below the last, and a group of them so many columns further.
    """

    stage: FoldedDense

    @property
    def lines(self) -> Lines:
        """The windows."""
        assert self.stage.lines is not None
        return self.stage.lines

    @property
    def height(self) -> int:
        """Rows of the map."""
        return self.stage.inputs.image[0]

    @property
    def width(self) -> int:
        """Columns of the map."""
        return self.stage.inputs.image[1]

    @property
    def beats(self) -> int:
        """Beats of a pixel, or of the pixels that come in one group."""
        return len(self.stage.inputs.order) // len(self.stage.inputs.lanes)

    @property
    def row_beats(self) -> int:
        """Beats of a row."""
        return -(-self.width // self.stage.inputs.pixels) * self.beats

    @property
    def right(self) -> int:
        """Columns between groups of windows."""
        return self.stage.pixels * self.lines.stride[1]

    @property
    def row_groups(self) -> int:
        """Groups of windows side by side in a row of them."""
        return -(-self.stage.outputs.image[1] // self.stage.pixels)

    @property
    def row_steps(self) -> int:
        """Steps of the program for a row of windows."""
        return self.row_groups * self.stage.cycles

    @property
    def tops(self) -> range:
        """First rows of the rows of windows."""
        first, stride = self.lines.origin[0], self.lines.stride[0]
        return range(first, first + self.stage.outputs.image[0] * stride, stride)

    @property
    def ahead(self) -> int:
        """Rows from the first that windows see to the first that the next ones do not see."""
        return self.lines.stride[0] + self.lines.kernel[0]

    @property
    def pace(self) -> int:
        """Beats that come in the steps of a row of windows; never more than those steps."""
        return min(self.lines.stride[0] * self.row_beats, self.row_steps)

    @cached_property
    def slots(self) -> int:
        """Rows of the memories: those that windows see, and those that come meanwhile."""
        most = max(self._there(top) - max(top, 0) for top in self.tops)
        return min(self.height, max(most, self.lines.kernel[0]))

    @property
    def wraps(self) -> bool:
        """Whether a slot is that of several rows."""
        return self.slots < self.height

    @cached_property
    def turns(self) -> int:
        """Turns of a frame."""
        total = there = self._there(self.tops[0] - self.lines.stride[0])
        total *= self.row_beats
        for top in self.tops:
            coming = (self._there(top) - there) * self.row_beats
            total += max(self.row_steps, coming)
            there = self._there(top)
        return total + (self.height - there) * self.row_beats

    def _there(self, top: int) -> int:
        """Rows that have come when the windows at row `top` have been computed."""
        return min(max(top + self.ahead, 0), self.height)

    def counters(self) -> list[str]:
        """Declare what the loop counts."""
        top, left = self.lines.origin[0] - self.lines.stride[0], self.lines.origin[1]
        if not self._there(top):
            top += self.lines.stride[0]  # the first windows see padding alone
        into, at = (", into = 0", f", at = {top % self.slots}") if self.wraps else ("", "")
        slots = "slot, " if self.wraps else ""
        return [
            f"int stored = 0{into}, column = 0, beat = 0;  // row, {slots}column, beat to come",
            f"int top = {top}{at}, left = {left}, step = 0;  // row, {slots}column of windows",
            "int due = 0;  // beats come evenly over the steps of a row of windows",
        ]

    def loop(self, computed: list[str], arrived: list[str]) -> list[str]:
        """Give the loop around the lines of a step and those that take a beat."""
        inside = f"top >= {self.tops[0]} && top < {self.tops.stop}"
        end = self.lines.origin[1] + self.row_groups * self.right
        goal = f"top < {self.tops.stop} && top + {self.ahead} < {self.height}"
        lines = [
            "turns:",
            f"for (int turn = 0; turn < {self.turns}; turn++) {{",
            "#pragma HLS PIPELINE II=1",
            f"  const bool inside = {inside};",
            f"  if (inside && left < {end}) {{",
            *indented(computed, 2),
            f"    if (++step == {self.stage.cycles}) {{",
            "      step = 0;",
            f"      left += {self.right};",
            "    }",
            "  }",
            f"  due += {self.pace};",
            f"  const bool comes = due >= {self.row_steps};",
            f"  if (comes) due -= {self.row_steps};",
            f"  const int wanted = {goal} ? top + {self.ahead} : {self.height};",
            "  if (stored < wanted && (comes || !inside)) {",
            *indented(arrived, 2),
            *indented(self._next_beat(), 2),
            "  }",
            f"  if (stored >= wanted && (!inside || left >= {end})) {{",
            f"    left = {self.lines.origin[1]};",
            f"    top += {self.lines.stride[0]};",
            "    due = 0;",
        ]
        if self.wraps:
            lines.append(f"    {_advance('at', self.lines.stride[0] % self.slots, self.slots)}")
        return [*lines, "  }", "}"]

    def _next_beat(self) -> list[str]:
        wraps = [_advance("into", 1, self.slots)] if self.wraps else []
        return [
            f"if (++beat == {self.beats}) {{",
            "  beat = 0;",
            f"  column += {self.stage.inputs.pixels};",
            "}",
            f"if (column >= {self.width}) {{",
            "  column = 0;",
            "  stored++;",
            *indented(wraps),
            "}",
        ]

    @property
    def into(self) -> str:
        """The slot of the beat that comes."""
        return "into" if self.wraps else "stored"

    def slot(self, row: str, below: str) -> str:
        """Give the slot of a row of the map; `below` is `at` and how far it lies below `top`."""
        return f"{below} < {self.slots} ? {below} : {below} - {self.slots}" if self.wraps else row


def _advance(counter: str, by: int, size: int) -> str:
    """Count on, back to 0 behind the last one."""
    if by == 1:
        return f"{counter} = {counter} == {size - 1} ? 0 : {counter} + 1;"
    return f"{counter} = {counter} + {by} < {size} ? {counter} + {by} : {counter} + {by} - {size};"
