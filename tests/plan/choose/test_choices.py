"""PE and SIMD beyond a layer's rows and columns."""

import pytest

from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from tests.tiny_nets import network


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        ((2, 3), (2, 3)),
        ((16, 1), (4, 4)),  # above the rows
        ((1, 30), (3, 10)),  # above the columns
        ((7, 2), (2, 7)),  # a PE a row would leave two multipliers out
        ((11, 1), (2, 5)),  # 11 are of no shape, of 10 more rows go first
        ((50, 50), (4, 10)),
    ],
)
def test_as_many_multipliers_as_were_asked_for(asked, own):
    net = network(2, widths=(10, 4), density=0.8)
    options = BuildOptions(style="folded", pe=asked[0], simd=asked[1])
    choice = plan_design(net, options).choices[0]
    assert (choice.pe, choice.simd) == own


def test_a_layer_without_zeros_is_done_as_soon_as_can_be():
    """Of two rows by two products one row would be left for last, and half the multipliers idle."""
    net = network(2, widths=(192, 3), density=1.0)
    plan = plan_design(net, BuildOptions(style="folded", pe=4, simd=1, effort="low"))
    assert (plan.choices[0].pe, plan.choices[0].simd) == (1, 4)
    assert plan.stages[0].cycles <= 3 * 192 // 4


def test_dense_mode_has_the_rows_and_columns_that_there_are():
    net = network(2, widths=(10, 4), density=0.8)
    options = BuildOptions(style="folded", pe=16, simd=1, skip=False)
    choice = plan_design(net, options).choices[0]
    assert (choice.pe, choice.simd) == (4, 1)
