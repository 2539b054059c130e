"""Files that are no files, and JSON without end: every command refuses them at once."""

import os
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.flow import build
from hwgen.json_file import load_json, open_regular
from hwgen.plan.options import BuildOptions
from tests.tiny_nets import network

DEEP = "[" * 100_000


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    folder = tmp_path_factory.mktemp("design") / "d"
    build(network(1, widths=(4, 3, 2)), BuildOptions(style="folded"), folder)
    return folder


@pytest.fixture
def folder(design, tmp_path):
    return shutil.copytree(design, tmp_path / "d")


def replaced(path, kind):
    """Put a pipe, the endless zeros or a folder in the place of a file."""
    path.unlink(missing_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()


def refused(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


READ = {
    "design.json": ("report", "prove", "synth"),
    "network.npz": ("report", "prove"),
    "SHA256SUMS": ("report",),
    "sim/bench.json": ("sim",),
}
KINDS = pytest.mark.parametrize("kind", ["pipe", "device", "folder"])


@KINDS
@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for name, commands in READ.items() for command in commands],
)
def test_what_is_no_file_is_refused_at_once(folder, command, name, kind):
    replaced(folder / name, kind)
    assert refused(command, folder).startswith(f"hwgen: {folder}")


@KINDS
def test_a_matrix_or_a_plan_that_is_no_file(tmp_path, kind):
    for name in ("w.npy", "plan.json"):
        replaced(tmp_path / name, kind)
    matrix, plan = tmp_path / "w.npy", tmp_path / "plan.json"
    assert refused("build", matrix, "--input", "u4", "-o", tmp_path / "d") == (
        f"hwgen: {matrix}: must be a .npy file with an integer matrix (it is no regular "
        "file); write it with numpy.save\n"
    )
    np.save(tmp_path / "v.npy", np.eye(2, dtype=int))
    options = ("--input", "u4", "--plan", plan, "-o", tmp_path / "d")
    assert refused("build", tmp_path / "v.npy", *options) == (
        f"hwgen: {plan}: must be a plan.json that `hwgen build` wrote, and cannot be read "
        "(it is no regular file)\n"
    )
    assert not (tmp_path / "d").exists()


def test_json_without_end_is_too_deep(folder, tmp_path):
    (folder / "design.json").write_text(DEEP)
    (tmp_path / "plan.json").write_text(DEEP)
    (folder / "sim" / "bench.json").write_text(DEEP)
    for command in ("prove", "synth", "report", "sim"):
        assert len(refused(command, folder).splitlines()) == 1
    np.save(tmp_path / "v.npy", np.eye(2, dtype=int))
    options = ("--input", "u4", "--plan", tmp_path / "plan.json", "-o", tmp_path / "e")
    assert refused("build", tmp_path / "v.npy", *options) == (
        f"hwgen: {tmp_path / 'plan.json'}: must be a plan.json that `hwgen build` wrote, and "
        "cannot be read (too deeply nested)\n"
    )
    with pytest.raises(ValueError, match=r"^too deeply nested$"):
        load_json(tmp_path / "plan.json")


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nothing")
