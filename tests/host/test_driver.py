"""The driver without a board: frames, vectors as bytes, and what it refuses."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from hwgen.board.folder import _side
from hwgen.host import driver
from hwgen.host.driver import Board, BoardError, checked, load_facts, packed, unpacked
from hwgen.plan.execute import to_slots
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network, random_inputs

VALUES = {"type": "s4", "scale": [0.25], "offset": [0.0]}


def sides(graph, style):
    plan = plan_design(graph, BuildOptions(style=style, effort="low"))
    return plan, _side(plan.inputs) | VALUES, _side(plan.outputs) | VALUES


@pytest.mark.parametrize("style", ["folded", "unrolled"])
@pytest.mark.parametrize("graph", [network(0, inputs="s4"), network(1, inputs="s11"), small_cnn(5)])
def test_vectors_become_the_bytes_of_their_beats(graph, style):
    plan, given, _ = sides(graph, style)
    x = random_inputs(graph, 5).reshape(5, -1)
    sent = packed(x, given)
    slots = to_slots(plan.inputs, x).reshape(-1, len(plan.inputs.lanes))
    size = given["beat_bytes"]
    assert len(sent) == len(slots) * size
    for index, beat in enumerate(slots):
        word = int.from_bytes(sent[index * size : (index + 1) * size], "little")
        for lane, value in zip(plan.inputs.lanes, beat, strict=True):
            assert word & ((1 << lane.bits) - 1) == int(value) & ((1 << lane.bits) - 1)
            word >>= lane.bits
        assert word == 0
    assert np.array_equal(unpacked(sent, given), x)


def test_frames_come_back():
    body = bytes(range(256)) + b"\x7e\x7d"
    frame = driver.stuffed(body)
    assert frame[0] == frame[-1] == 0x7E
    assert 0x7E not in frame[1:-1]
    assert driver.unstuffed(frame[1:-1]) == body
    assert driver.unstuffed(frame[1:-2]) is None


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            np.zeros((2, 12)),
            "x: must be integers of type s4, not float64; a value is scale * integer + offset, "
            "with scale 0.25 and offset 0",
        ),
        (
            np.full((2, 12), 8),
            "x: must be -8 to 7 (s4), not 8 to 8; a value is scale * integer + offset, with scale "
            "0.25 and offset 0",
        ),
        (
            np.zeros((2, 11), int),
            "x: must be vectors of 12 integers, not of shape (2, 11)",
        ),
        (np.zeros((0, 12), int), "x: must be vectors of 12 integers, not of shape (0, 12)"),
    ],
)
def test_other_inputs_are_refused(x, message):
    _, given, _ = sides(network(0, inputs="s4"), "folded")
    with pytest.raises(BoardError) as error:
        checked(x, given)
    assert str(error.value) == message


def test_a_folder_without_a_board_is_refused(tmp_path):
    with pytest.raises(BoardError, match=r"must hold one board, and holds none; name a board's"):
        load_facts(tmp_path)
    (tmp_path / "board.json").write_text("{")
    with pytest.raises(BoardError, match=r"must be what `hwgen board` wrote, and cannot be read"):
        load_facts(tmp_path)


def test_a_port_that_is_not_there_is_refused(tmp_path):
    _, given, taken = sides(network(0), "folded")
    facts = {"name": "tiny", "board": "icebreaker", "bridge": "b", "usb": "", "baud": 115_200}
    facts |= {"frame_vectors": 10, "vector_bytes": 12, "self_test": {"cycles": 1}}
    facts |= {"input": given, "output": taken}
    (tmp_path / "board.json").write_text(json.dumps(facts))
    problem = "the port must open at 115200 baud, and does not (No such file or directory); close"
    with pytest.raises(BoardError, match=rf"^/dev/nothing: {re.escape(problem)}"):
        Board(tmp_path, "/dev/nothing")
    for name in ("", " ", "a\nb", None, 3):
        problem = f"such as /dev/ttyUSB1, not {name!r}; name it, or leave it out"
        with pytest.raises(BoardError, match=rf"^port: must be auto or .*, {re.escape(problem)}$"):
            Board(tmp_path, name)
    with pytest.raises(BoardError, match=r"^port: one must be icebreaker's \(b\), and 0 are; name"):
        Board(tmp_path)


def test_the_driver_needs_numpy_and_pyserial_alone():
    tree = ast.parse(Path(driver.__file__).read_text(encoding="utf-8"))
    found = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert not {name for name in found if name.startswith("hwgen")}
    assert found & {"numpy", "serial"} == {"numpy", "serial"}
