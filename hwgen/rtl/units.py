"""The component of each kind of stage."""

from __future__ import annotations

from typing import assert_never

from hwgen.plan.stages.stage import (
    Enlarger,
    Fifo,
    FoldedDense,
    Joint,
    MapStage,
    Narrower,
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Reorder,
    RunningPool,
    SerialArgmax,
    SerialThreshold,
    Stage,
    UnrolledDense,
    Widener,
    WindowBuffer,
    WindowMax,
)
from hwgen.rtl.enlarger import EnlargerUnit
from hwgen.rtl.fifo import FifoUnit
from hwgen.rtl.folded_dense import FoldedDenseUnit
from hwgen.rtl.lanes import LaneComponent
from hwgen.rtl.narrower import NarrowerUnit
from hwgen.rtl.output_buffer import OutputBufferUnit
from hwgen.rtl.parallel_argmax import ParallelArgmaxUnit
from hwgen.rtl.parallel_threshold import ParallelThresholdUnit
from hwgen.rtl.reorder import ReorderUnit
from hwgen.rtl.running_pool import RunningPoolUnit
from hwgen.rtl.serial_argmax import SerialArgmaxUnit
from hwgen.rtl.serial_threshold import SerialThresholdUnit
from hwgen.rtl.unrolled_dense import UnrolledDenseUnit
from hwgen.rtl.widener import WidenerUnit
from hwgen.rtl.window_buffer import WindowBufferUnit
from hwgen.rtl.window_max import WindowMaxUnit


def unit_of(stage: Stage) -> LaneComponent:
    """Give the hardware of a stage."""
    match stage:
        case WindowBuffer() | RunningPool() | WindowMax() | Enlarger():
            return _map_of(stage)
        case Fifo() | Narrower() | Widener():
            return _joint_of(stage)
        case FoldedDense() | SerialThreshold() | SerialArgmax() | Reorder():
            return _folded_of(stage)
        case UnrolledDense():
            return UnrolledDenseUnit(stage)
        case ParallelThreshold():
            return ParallelThresholdUnit(stage)
        case ParallelArgmax():
            return ParallelArgmaxUnit(stage)
        case OutputBuffer():
            return OutputBufferUnit(stage)
        case _:
            assert_never(stage)


def _folded_of(stage: FoldedDense | SerialThreshold | SerialArgmax | Reorder) -> LaneComponent:
    match stage:
        case FoldedDense():
            return FoldedDenseUnit(stage)
        case SerialThreshold():
            return SerialThresholdUnit(stage)
        case SerialArgmax():
            return SerialArgmaxUnit(stage)
        case Reorder():
            return ReorderUnit(stage)
        case _:
            assert_never(stage)


def _map_of(stage: MapStage) -> LaneComponent:
    match stage:
        case WindowBuffer():
            return WindowBufferUnit(stage)
        case RunningPool():
            return RunningPoolUnit(stage)
        case Enlarger():
            return EnlargerUnit(stage)
        case WindowMax():
            return WindowMaxUnit(stage)
        case _:
            assert_never(stage)


def _joint_of(stage: Joint) -> LaneComponent:
    match stage:
        case Fifo():
            return FifoUnit(stage)
        case Narrower():
            return NarrowerUnit(stage)
        case Widener():
            return WidenerUnit(stage)
        case _:
            assert_never(stage)
