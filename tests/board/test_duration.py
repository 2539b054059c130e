"""What is said before a run or a simulation that takes long."""

import pytest

from hwgen.board.duration import duration, run_warning, simulation_warning

FACTS = {
    "vector_bytes": 64,
    "result_bytes": 1,
    "frame_vectors": 65535,
    "clock_hz": 12_000_000,
    "baud": 50,
    "divisor": 240_000,
    "self_test": {"cycles": 800_000},
}


def test_a_slow_line_is_told_with_its_time():
    assert run_warning(FACTS, 569, simulated=False) == (
        "569 vectors take at least 2 hours at 50 baud; --bench N runs fewer, `hwgen board --baud` "
        "makes the line faster"
    )
    assert run_warning(FACTS | {"baud": 1_000_000}, 569, simulated=False) is None


def test_simulated_time_is_told_in_cycles_too():
    assert run_warning(FACTS, 10, simulated=True) == (
        "10 vectors: 1,566 million cycles of the board's clock, about 5 hours of simulation; "
        "--bench N simulates fewer vectors, `hwgen board --baud` makes the line faster"
    )
    assert simulation_warning(FACTS, 10) == (
        "the pins at 50 baud: 9,482 million cycles of the board's clock, about 33 hours of "
        "simulation; --samples N simulates fewer vectors, `hwgen board --baud` makes the line "
        "faster"
    )
    fast = FACTS | {"baud": 1_000_000, "divisor": 12}
    assert run_warning(fast, 500, simulated=True) is None
    assert simulation_warning(fast, 10) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "3 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (2e5, "2 days"),
    ],
)
def test_times_in_words(seconds, words):
    assert duration(seconds) == words
