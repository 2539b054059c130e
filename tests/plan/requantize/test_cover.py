"""LUTs that a mapper makes of decision diagrams."""

from __future__ import annotations

import pytest

from hwgen.plan.requantize.cover import cover_luts
from hwgen.plan.requantize.decision import Block


@pytest.mark.parametrize(
    ("blocks", "inputs", "luts"),
    [
        pytest.param([Block(6, 0, ())], 6, 0, id="a constant"),
        pytest.param([Block(6, 1, (16, 32, 48))], 4, 0, id="a bit of the lane, inverted"),
        pytest.param([Block(6, 0, (5, 9))], 6, 1, id="one LUT"),
        pytest.param([Block(6, 0, (5, 9)), Block(6, 1, (5, 9))], 6, 1, id="its inverse too"),
        pytest.param([Block(7, 0, (1,))], 6, 2, id="a bit more than a LUT reads"),
        pytest.param([Block(11, 0, (1,))], 6, 2, id="the second LUT reads five bits more"),
        pytest.param([Block(12, 0, (1,))], 6, 3, id="and a third one"),
        pytest.param([Block(7, 0, (1,))], 4, 2, id="LUTs of four inputs"),
        pytest.param([Block(8, 0, (1,)), Block(8, 0, (1, 128))], 6, 3, id="what they share"),
    ],
)
def test_luts(blocks: list[Block], inputs: int, luts: int) -> None:
    assert cover_luts(blocks, inputs) == luts
