"""How long a run or a simulation of a board takes, told before where it is long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwgen.host.driver import line_seconds

LONG_S = 60.0  # what is shorter needs no word
SIMULATED_HZ = 80_000  # cycles of a small design that a second of one core simulates, roughly
REQUESTS = 40  # of a simulation at the pins, beside its images
FRAME = 14  # bytes of a request and its reply beside vector and result


def run_warning(facts: Mapping[str, Any], vectors: int, simulated: bool) -> str | None:
    """Say how long vectors take, None where that is not long.

    Parameters
    ----------
    facts
        board.json.
    vectors
        How many.
    simulated
        On simulated pins, where a second of the board takes minutes.
    """
    seconds = line_seconds(facts, vectors)
    baud = facts["baud"]
    if not simulated:
        if seconds < LONG_S:
            return None
        return (
            f"{vectors:,} vectors take at least {duration(seconds)} at {baud:,} baud; --bench N "
            "runs fewer, `hwgen board --baud` makes the line faster"
        )
    return _simulation(f"{vectors:,} vectors", seconds * facts["clock_hz"], "--bench")


def simulation_warning(facts: Mapping[str, Any], images: int) -> str | None:
    """Say how long a simulation at the pins takes, None where that is not long."""
    size = facts["vector_bytes"] + facts["result_bytes"] + FRAME
    cycles = 10 * facts["divisor"] * size * (images + REQUESTS)
    cycles += 2 * facts["self_test"]["cycles"]
    return _simulation(f"the pins at {facts['baud']:,} baud", cycles, "--samples")


def duration(seconds: float) -> str:
    """Write a time in the unit that gives two digits."""
    for size, unit in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _simulation(what: str, cycles: float, option: str) -> str | None:
    seconds = cycles / SIMULATED_HZ
    if seconds < LONG_S:
        return None
    return (
        f"{what}: {cycles / 1e6:,.0f} million cycles of the board's clock, about "
        f"{duration(seconds)} of simulation; {option} N simulates fewer vectors, "
        "`hwgen board --baud` makes the line faster"
    )
