"""`hwgen run` and the driver beside a board: what they refuse before anything runs."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.board.serial_run import refuse_wrong_results, run_lines, vectors_of
from hwgen.cli import app
from hwgen.frontend.matrix import matrix_graph
from hwgen.host import driver
from hwgen.network_file import save_network
from hwgen.numeric import IntType
from hwgen.reference import outputs

GIVEN = {"type": "u4", "scale": [0.5], "offset": [0.0], "bits": [4], "signed": [False]}
TAKEN = {"type": "u4", "scale": None, "offset": None, "bits": [4], "signed": [False]}
X, LABELS = np.arange(12).reshape(3, 4), np.array([1, 0, 2])
Y = LABELS.reshape(3, 1)
ADVICE = "write it with numpy.save or numpy.savez"


def board_of(design, meaning, results):
    """Write what the driver reads of a board; inputs are vectors of four, u4."""
    place = design / "board" / "icebreaker"
    place.mkdir(parents=True)
    facts = {"self_test": {"cycles": 1}, "input": GIVEN | {"elements": [0, 1, 2, 3]}}
    facts["output"] = TAKEN | {"elements": list(range(results)), "meaning": meaning}
    facts |= {"vector_bytes": 4, "result_bytes": 1, "frame_vectors": 1000}
    facts |= {"clock_hz": 12_000_000, "baud": 1_000_000}
    (place / "board.json").write_text(json.dumps(facts))
    np.savez(design / "vectors.npz", x=np.zeros((5, 4), int), y=np.ones((5, results), int))
    return design


@pytest.fixture
def design(tmp_path):
    return board_of(tmp_path / "d", "class", 1)


def run(*arguments):
    return CliRunner().invoke(app, ["run", *(str(item) for item in arguments)])


def refused(*arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("hwgen: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("hwgen: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        (
            {"labels": LABELS[:2]},
            "labels: must be of shape (3,), one a vector, not (2,); leave labels out, or give "
            "each vector one",
        ),
        (
            {"labels": np.arange(4)},
            "labels: must be of shape (3,), one a vector, not (4,); leave labels out, or give "
            "each vector one",
        ),
        (
            {"labels": np.array(1)},
            "labels: must be of shape (3,), one a vector, not (); leave labels out, or give each "
            "vector one",
        ),
        (
            {"labels": LABELS / 2},
            "labels: must be integers, the classes, not float64; leave labels out, or number them",
        ),
        (
            {"labels": np.array(["a", "b", "c"])},
            "labels: must be integers, the classes, not <U1; leave labels out, or number them",
        ),
        (
            {"y": Y[:2]},
            "y: must be of shape (3, 1), a result of 1 a vector, not (2, 1); leave y out, or make "
            "it anew",
        ),
        (
            {"y": np.zeros((3, 2), int)},
            "y: must be of shape (3, 1), a result of 1 a vector, not (3, 2); leave y out, or make "
            "it anew",
        ),
        ({"y": Y / 2}, "y: must be integers, not float64; leave y out, or round it"),
        (
            {"x": np.full((3, 4), 2**64 - 1, np.uint64)},
            "x: must be 0 to 15 (u4), not 18446744073709551615 to 18446744073709551615; a value is "
            "scale * integer + offset, with scale 0.5 and offset 0",
        ),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(tmp_path, design, arrays, sentence):
    path = tmp_path / "x.npz"
    np.savez(path, **({"x": X} | arrays))
    assert refused(design, "--data", path) == f"{path}: {sentence}"


def test_labels_need_a_class(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=X, labels=LABELS)
    assert refused(board_of(tmp_path / "d", "sums", 1), "--data", path) == (
        f"{path}: labels: must go with a network that gives a class, and this one gives sums; "
        "leave labels out"
    )


def test_results_that_the_network_does_not_give(tmp_path):
    design = board_of(tmp_path / "d", "sums", 2)
    graph = matrix_graph("m", np.array([[1, 0, 2, 0], [0, 1, 0, -1]]), IntType(4, False))
    save_network(graph, design / "network.npz")
    place, right = design / "board" / "icebreaker", outputs(graph, X)
    path = tmp_path / "x.npz"
    np.savez(path, x=X, y=right)
    refuse_wrong_results(place, vectors_of(place, path, 5), path)
    wrong = right.copy()
    wrong[1:, 1] += 1
    np.savez(path, x=X, y=wrong)
    assert refused(design, "--data", path) == (
        f"{path}: y: must be what the network gives for x, and 2 of 3 are not, that of vector 1 "
        "the first; leave y out, or make it anew (true classes are labels)"
    )


def test_a_run_without_results_to_compare_with_says_so():
    found = {"vectors": 3, "design": "m", "board": "icebreaker", "simulated": False, "retries": 0}
    found |= {"vectors_a_second": 9.0, "frame_ms_p50": 1.0, "frame_ms_p95": 2.0}
    found |= {"chip_cycles_a_vector": 5, "chip_vectors_a_second": 7, "self_test": {"cycles": 9}}
    lines = run_lines(found, Path("x.npy"))
    assert "nothing was compared: x.npy has no y, the results of the network" in lines
    lines = run_lines(found | {"equal": 2}, Path("x.npz"))
    assert "equal to the reference: 2 of 3" in lines
    assert not any("nothing" in line for line in lines)


def test_arrays_that_go_together_are_taken_whole(tmp_path, design):
    path = tmp_path / "x.npz"
    np.savez(path, x=X.astype(np.uint64), y=LABELS, labels=LABELS)
    found = vectors_of(design / "board" / "icebreaker", path, 4)
    assert np.array_equal(found.x, X[[0, 1, 2, 0]])
    assert np.array_equal(found.y, LABELS[[0, 1, 2, 0]])
    assert np.array_equal(found.labels, LABELS[[0, 1, 2, 0]])


@pytest.mark.parametrize(("meaning", "labels"), [("class", 2), ("sums", None)])
@pytest.mark.parametrize("named", [False, True])
def test_a_designs_own_vectors_are_those_with_labels(tmp_path, meaning, labels, named):
    design = board_of(tmp_path / "d", meaning, 1)
    own = design / "vectors.npz"
    np.savez(own, x=X, y=Y, labels=LABELS[:2], u0_i=X, u0_o=X)
    found = vectors_of(design / "board" / "icebreaker", own if named else None, 0)
    assert (len(found.x), len(found.y)) == (2, 2)
    assert (None if found.labels is None else len(found.labels)) == labels


def text(path):
    path.write_text("1,2,3\n4,5,6\n")


def objects(path):
    np.save(path, np.array([{}, 1], object))


def without_x(path):
    np.savez(path, y=Y)


FILES = [
    ("x.csv", text, "must be .npy or .npz of integers, and is named otherwise; " + ADVICE),
    ("x.npy", text, "must be .npy or .npz of integers, and holds something else; " + ADVICE),
    ("x.npz", text, "must be .npy or .npz of integers, and holds something else; " + ADVICE),
    ("o.npy", objects, "must be .npy or .npz of integers, and holds something else; " + ADVICE),
    ("e.npy", Path.touch, "must be .npy or .npz of integers, and holds something else; " + ADVICE),
    ("f.npy", Path.mkdir, "must be .npy or .npz of integers, and is no regular file; " + ADVICE),
    ("y.npz", without_x, "must hold the vectors as x, and does not; write x with it"),
    (
        "none.npy",
        lambda _: None,
        "must be .npy or .npz of integers, and cannot be read (No such file or directory); "
        + ADVICE,
    ),
]


@pytest.mark.parametrize(("name", "write", "sentence"), FILES)
def test_what_is_no_file_of_vectors_is_refused(tmp_path, design, name, write, sentence):
    path = tmp_path / name
    write(path)
    assert refused(design, "--data", path) == f"{path}: {sentence}"


def test_the_simulated_board_has_no_other_port(design):
    assert refused(design, "--simulated", "--port", "/dev/ttyUSB1") == (
        "port: must not stand beside --simulated, which makes its own; leave one out"
    )


def test_results_need_a_folder_before_the_run(tmp_path, design):
    goal = tmp_path / "missing" / "y.npy"
    assert refused(design, "--simulated", "--out", goal) == (
        f"{goal}: must be in a folder that is there, and {goal.parent} is missing; make it or "
        "choose another place"
    )
    assert not goal.parent.exists()


def test_the_driver_alone_says_the_same(tmp_path, design):
    program = design / "board" / "icebreaker" / "driver.py"
    program.write_text(Path(driver.__file__).read_text())
    (tmp_path / "x.csv").touch()
    np.save(tmp_path / "x.npy", X)
    for arguments, sentence in (
        (["--data", "x.csv"], f"x.csv: {FILES[0][2]}"),
        (
            ["--data", "x.npy", "--out", "missing/y.npy"],
            "missing/y.npy: must be in a folder that is there, and missing is missing; make it or "
            "choose another place",
        ),
    ):
        command = [sys.executable, str(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert (done.returncode, done.stderr) == (1, f"{sentence}\n")
