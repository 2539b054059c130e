"""A bitstream for every board of the table; minutes each."""

import pytest

from hwgen.board.folder import make_board
from hwgen.board.table import board_names, find_board
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from tests.tiny_nets import network


@pytest.mark.slow
@pytest.mark.parametrize("name", board_names())
def test_a_bitstream(tmp_path, name):
    board = find_board(name)
    options = BuildOptions(target=board.family, style="folded", pe=2, effort="low")
    build(network(0), options, tmp_path / "d")
    found = make_board(tmp_path / "d", board).document
    assert found["fmax_mhz"] >= 1.05 * board.clock_mhz
    assert found["hold_checked"] == (board.family != "gowin")
    assert found["bitstream"]["bytes"] > 10_000
