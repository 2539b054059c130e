"""`hwgen run`: vectors through the serial port of a board, or of a simulated one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.board.simulated import served
from hwgen.errors import ModelError, PlanError, ToolError, VerifyError
from hwgen.files import check_file, write_beside
from hwgen.host.driver import (
    Board,
    BoardError,
    Timing,
    WrongResultError,
    check_answers,
    check_folder_of,
    checked,
    labelled,
    load_facts,
    load_vectors,
    measure,
)
from hwgen.network_file import load_arrays, load_network
from hwgen.reference import outputs

SIMULATED = Timing(patience_s=5.0, settle_s=0.05, slowness=400.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vectors:
    """What is run, and what should come of it where that is known."""

    x: np.ndarray
    y: np.ndarray | None
    labels: np.ndarray | None


def vectors_of(place: Path, path: Path | None, count: int) -> Vectors:
    """Read the vectors of a file, the design's own where None; `count` of them, 0 for all.

    Where there are fewer than `count`, they come again from the start.

    Raises
    ------
    ModelError, PlanError
        Where the file holds none, or results and labels that are not of its vectors.
    """
    if count < 0:
        raise PlanError(f"bench: must be at least 0, not {count}")
    own = place.parents[1] / "vectors.npz"
    where = own if path is None else path
    try:
        facts = load_facts(place)
        given, taken = facts["input"], facts["output"]
        arrays = labelled(load_arrays(own), taken) if path is None else load_vectors(path, taken)
    except BoardError as error:
        raise ModelError(str(error)) from None
    try:
        x = checked(arrays.get("x", ()), given)
        y, labels = arrays.get("y"), arrays.get("labels")
        check_answers(len(x), y, labels, taken)
    except BoardError as error:
        raise ModelError(f"{where}: {error}") from None
    chosen = np.arange(count or len(x)) % len(x)
    return Vectors(
        x=x[chosen],
        y=None if y is None else y[chosen],
        labels=None if labels is None else labels[chosen],
    )


def refuse_wrong_results(place: Path, vectors: Vectors, path: Path | None) -> None:
    """Refuse results of a file that the network does not give: no board could be equal to them.

    Raises
    ------
    ModelError
        Where they are others, or the design folder has no network.
    """
    if path is None or vectors.y is None:
        return
    graph, count = load_network(place.parents[1] / "network.npz"), len(vectors.x)
    right = outputs(graph, vectors.x.reshape(count, *graph.input.shape)).reshape(count, -1)
    wrong = np.flatnonzero((right != vectors.y.reshape(count, -1)).any(axis=1))
    if len(wrong):
        raise ModelError(
            f"{path}: y: must be what the network gives for x, and {len(wrong):,} of {count:,} are "
            f"not, that of vector {wrong[0]} the first; leave y out, or make it anew (true classes "
            "are labels)"
        )


def run_vectors(
    place: Path,
    vectors: Vectors,
    *,
    port: str = "auto",
    simulated: bool = False,
    output: Path | None = None,
    progress: Callable[[str, float], None] = lambda _, __: None,
) -> dict[str, Any]:
    """Run vectors on a board; gives what `hwgen run --json` prints.

    Raises
    ------
    PlanError, ToolError
        Where a port is named and none is needed, no board answers, or `output` cannot be written.
    VerifyError
        Where its self test fails.
    """
    if simulated and port != "auto":
        raise PlanError(
            "port: must not stand beside --simulated, which makes its own; leave one out"
        )
    try:
        if output is not None:
            check_file(output)
            check_folder_of(output)
        with (
            _port(place, port, simulated, progress) as name,
            Board(place, name, SIMULATED if simulated else None) as board,
        ):
            y, found = measure(
                board,
                vectors.x,
                vectors.y,
                vectors.labels,
                lambda done, of: progress(f"{done} of {of} vectors", done / of),
            )
    except WrongResultError as error:
        raise VerifyError(str(error)) from None
    except BoardError as error:
        raise ToolError(str(error)) from None
    if output is not None:
        with write_beside(output) as partial, partial.open("wb") as file:
            np.save(file, y)
    return found | {"simulated": simulated}


@contextmanager
def _port(
    place: Path, port: str, simulated: bool, progress: Callable[[str, float], None]
) -> Iterator[str]:
    if not simulated:
        yield port
        return
    progress("compile the simulated board", 0.0)
    with served(place) as name:
        yield name


def run_lines(found: dict[str, Any], data: Path | None = None) -> list[str]:
    """Say what came of a run of the vectors of `data`, the design's own where None, a line each."""
    where = "simulated pins of " if found["simulated"] else ""
    lines = [f"{found['vectors']:,} vectors of {found['design']} on {where}{found['board']}"]
    if "equal" in found:
        lines.append(f"equal to the reference: {found['equal']:,} of {found['vectors']:,}")
    else:
        lines.append(f"nothing was compared: {data} has no y, the results of the network")
    if "accuracy_percent" in found:
        lines.append(f"accuracy: {found['accuracy_percent']} %")
    seconds = "of wall time" if found["simulated"] else ""
    lines += [
        f"line: {found['vectors_a_second']:,} vectors a second {seconds}".rstrip()
        + f", a frame {found['frame_ms_p50']} ms, 95 % within {found['frame_ms_p95']} ms; "
        f"{found['retries']} retries",
        f"chip: a vector every {found['chip_cycles_a_vector']:,} cycles, "
        f"{found['chip_vectors_a_second']:,} a second; self test passed in "
        f"{found['self_test']['cycles']:,} cycles, as planned",
    ]
    return lines
