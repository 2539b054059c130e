"""The workers of an existing Dask cluster.

The scheduler gives the task of a dead worker to another one, so each task ends once here. Rows and
float networks travel through the scheduler: the workers need no common disk.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from queue import SimpleQueue
from types import TracebackType

from distributed import Client, Future, KilledWorker

from hwgen.errors import HwgenError, ToolError
from training.sweep.events import Event, Finished
from training.sweep.tasks import Failure, Result, Work, perform_unwatched

CONNECT_SECONDS = 10


class ClusterWorkers:
    """As many tasks at a time as the cluster has threads."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ended: SimpleQueue[tuple[int, Future]] = SimpleQueue()
        self._running: dict[int, Future] = {}  # a future that nobody holds is cancelled

    def __enter__(self) -> ClusterWorkers:
        try:
            self._client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ToolError(
                f"scheduler: {self._address} must be a running Dask scheduler ({error}); "
                "start it with `dask scheduler`"
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the cluster; it drops what has not begun, and what runs comes to nothing."""
        self._client.close()

    @property
    def slots(self) -> int:
        """Threads of the cluster as it is now; at least one task waits for the first worker."""
        return max(1, sum(self._client.nthreads().values()))

    def start(self, number: int, task: Work) -> None:
        """Hand a task to the scheduler."""
        future = self._client.submit(perform_unwatched, task, pure=False)
        self._running[number] = future
        future.add_done_callback(lambda ended: self._ended.put((number, ended)))

    def wait(self) -> list[Event]:
        """Block until a task has ended."""
        number, future = self._ended.get()
        result = self._result(future)
        del self._running[number]
        return [Finished(number=number, result=result)]

    def _result(self, future: Future) -> Result:
        try:
            failure = future.exception()
            match failure:
                case None:
                    result: Result = future.result()
                    return result
                case KilledWorker():
                    return Failure(error=f"its workers must live, and died ({failure})")
                case ImportError():
                    raise ToolError(
                        f"scheduler: the workers of {self._address} must find this checkout "
                        f"({failure}); start them in its root"
                    )
                case _:
                    return Failure(error=f"{type(failure).__name__}: {failure}")
        except CancelledError:
            raise HwgenError(
                f"scheduler: {self._address} must stay up, and is gone; start it again, and the "
                "same command continues"
            ) from None
