"""The stages of a design: what each piece of hardware is given to know, and nothing else.

A stage reads one stream and writes one. Every number of it is final: the RTL decides nothing.
"""

from __future__ import annotations

from hwgen.plan.stages.folded import (
    FoldedDense,
    MemoryKind,
    PeSet,
    ProcessingElement,
    Reorder,
    SerialArgmax,
    SerialThreshold,
)
from hwgen.plan.stages.joint import Fifo, Joint, Narrower, Widener
from hwgen.plan.stages.stream import PADDING, Stream
from hwgen.plan.stages.unrolled import (
    Flow,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    UnrolledDense,
)
from hwgen.plan.stages.window import RunningPool, WindowBuffer, WindowMax

__all__ = [
    "PADDING",
    "Fifo",
    "Flow",
    "FoldedDense",
    "Joint",
    "MemoryKind",
    "Narrower",
    "OutputBuffer",
    "ParallelArgmax",
    "ParallelThreshold",
    "PeSet",
    "ProcessingElement",
    "Reorder",
    "RunningPool",
    "SerialArgmax",
    "SerialThreshold",
    "Stage",
    "Stream",
    "UnrolledDense",
    "Widener",
    "WindowBuffer",
    "WindowMax",
]

Stage = (
    UnrolledDense
    | ParallelThreshold
    | ParallelArgmax
    | OutputBuffer
    | FoldedDense
    | SerialThreshold
    | SerialArgmax
    | Reorder
    | WindowBuffer
    | RunningPool
    | WindowMax
    | Joint
)
