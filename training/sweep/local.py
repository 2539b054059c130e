"""Worker processes on this machine.

Each worker holds one end of a pipe. A worker that is killed closes its end: its task is reported
as lost and the next task starts a new worker. A worker whose parent is killed ends itself.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from training.loop import Epoch
from training.sweep.events import Event, Finished, Lost, Progress
from training.sweep.tasks import Result, Work, perform

SPAWN = get_context("spawn")  # torch's threads do not survive a fork


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


class LocalWorkers:
    """At most `slots` processes; a process is kept for the next task."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._idle: list[tuple[BaseProcess, Connection]] = []
        self._busy: dict[Connection, tuple[int, BaseProcess]] = {}

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all workers, whatever they do; the parent alone writes files."""
        processes = [process for process, _ in self._idle]
        processes += [process for _, process in self._busy.values()]
        for process in processes:
            process.kill()
        for process in processes:
            process.join()

    def start(self, number: int, task: Work) -> None:
        """Hand a task to an idle worker, or to a new one."""
        process, pipe = self._idle.pop() if self._idle else _new_worker()
        self._busy[pipe] = (number, process)
        with suppress(BrokenPipeError):  # killed while idle: `wait` finds the pipe closed
            pipe.send(task)

    def wait(self) -> list[Event]:
        """Block until a worker says something or ends."""
        ready = connection.wait(list(self._busy))
        return [self._event(pipe) for pipe in ready if isinstance(pipe, Connection)]

    def _event(self, pipe: Connection) -> Event:
        number, process = self._busy[pipe]
        try:
            said: Epoch | Result = pipe.recv()
        except (EOFError, ConnectionResetError):
            del self._busy[pipe]
            process.join()
            return Lost(number=number, how=f"exit status {process.exitcode}")
        if isinstance(said, Epoch):
            return Progress(number=number, epoch=said)
        del self._busy[pipe]
        self._idle.append((process, pipe))
        return Finished(number=number, result=said)


def _new_worker() -> tuple[BaseProcess, Connection]:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that the worker's death closes the last one
    return process, ours


def _work(pipe: Connection) -> None:
    """Do tasks until the parent closes the pipe or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the parent decides
    threading.Thread(target=_follow_parent, daemon=True).start()
    while True:
        try:
            task: Work = pipe.recv()
        except EOFError:
            return
        pipe.send(perform(task, pipe.send))


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
