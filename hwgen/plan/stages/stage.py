"""The stages of a design: what each piece of hardware is given to know, and nothing else.

A stage reads one stream and writes one. Every number of it is final: the RTL decides nothing.
"""

from __future__ import annotations

from hwgen.plan.stages.enlarger import Enlarger
from hwgen.plan.stages.folded import (
    FoldedDense,
    PeSet,
    ProcessingElement,
    Reorder,
    SerialArgmax,
)
from hwgen.plan.stages.joint import Fifo, Joint, Narrower, Widener
from hwgen.plan.stages.lines import Lines
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.serial_threshold import SerialThreshold
from hwgen.plan.stages.stream import PADDING, Stream
from hwgen.plan.stages.unrolled import (
    Flow,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    UnrolledDense,
)
from hwgen.plan.stages.window import PoolKind, RunningPool, Tap, WindowBuffer, WindowMax

__all__ = [
    "PADDING",
    "Enlarger",
    "Fifo",
    "Flow",
    "FoldedDense",
    "Joint",
    "Lines",
    "MapStage",
    "MemoryKind",
    "Narrower",
    "OutputBuffer",
    "ParallelArgmax",
    "ParallelThreshold",
    "PeSet",
    "PoolKind",
    "ProcessingElement",
    "Reorder",
    "RunningPool",
    "SerialArgmax",
    "SerialThreshold",
    "Stage",
    "Stream",
    "Tap",
    "UnrolledDense",
    "Widener",
    "WindowBuffer",
    "WindowMax",
]

MapStage = WindowBuffer | RunningPool | WindowMax | Enlarger
Stage = (
    UnrolledDense
    | ParallelThreshold
    | ParallelArgmax
    | OutputBuffer
    | FoldedDense
    | SerialThreshold
    | SerialArgmax
    | Reorder
    | MapStage
    | Joint
)
