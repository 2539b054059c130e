"""What the machinery that runs tasks reports; numbers are those that a task was started with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from training.loop import Epoch
from training.sweep.tasks import Result, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A task ended an epoch."""

    number: int
    epoch: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A task came to a result."""

    number: int
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A task went down with its worker, and is running no more."""

    number: int
    how: str


Event = Progress | Finished | Lost


class Workers(Protocol):
    """Workers that run tasks side by side."""

    @property
    def slots(self) -> int:
        """How many tasks are worth starting before one has ended."""

    def start(self, number: int, task: Work) -> None:
        """Take a task on; at most `slots` at a time."""

    def wait(self) -> list[Event]:
        """Block until there is something to report, and give it."""
