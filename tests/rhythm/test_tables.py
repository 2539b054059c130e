"""Tables as text: short where numbers repeat, and exactly the numbers again."""

import numpy as np
import pytest

from hwgen.rhythm.tables import MOST, fold, spread

TABLES = {
    "0": [0],
    "7": [7],
    "0 1*5": range(6),
    "(1*3 20)*4": np.cumsum([1, 1, 1, 20] * 4),
    "((1*3 20)*2 5)*3": np.cumsum(([1, 1, 1, 20] * 2 + [5]) * 3),
    "-4 1*2": [-4, -3, -2],
    "2 0*3": [2, 2, 2, 2],
}


@pytest.mark.parametrize("text", TABLES)
def test_what_repeats_is_written_once(text):
    numbers = np.array(TABLES[text])
    assert fold(numbers) == text
    assert spread(text).tolist() == numbers.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_any_numbers_come_back(seed):
    rng = np.random.default_rng(seed)
    steps = rng.integers(-3, 9, int(rng.integers(1, 200)))
    numbers = np.cumsum(np.tile(steps, int(rng.integers(1, 4))))
    assert spread(fold(numbers)).tolist() == numbers.tolist()


@pytest.mark.parametrize(
    "text", ["", "x", "1 (2", "1)*2", "1*a", "(1", "()*3", f"1*{MOST + 1}", "1" * 16]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(ValueError, match="a table must be numbers"):
        spread(text)
