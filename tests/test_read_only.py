"""A design folder that may be read alone: every command says so before its work."""

import io
import tarfile

import pytest

from hwgen.errors import ToolError
from hwgen.flow import build
from hwgen.network_file import load_network
from hwgen.plan.options import BuildOptions
from hwgen.prove.run import prove
from hwgen.report.page import make_report
from hwgen.simulate import simulate
from hwgen.synth.run import synthesise
from tests.tiny_nets import network

DENIED = "cannot be written (Permission denied); free the disk or choose another place"
COMMANDS = {
    "sim/result.json": lambda folder: simulate(folder, simulator="icarus"),
    "proof.json": prove,
    "synth/ice40.json": lambda folder: synthesise(folder, "ice40"),
    "report.json": make_report,
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A design as an archive, which anybody may unpack."""
    folder = tmp_path_factory.mktemp("design") / "d"
    build(network(1), BuildOptions(style="unrolled"), folder)
    load_network(folder / "network.npz")  # its codecs, while Python's own files may be read
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(folder, "d")
    return stream.getvalue()


@pytest.fixture
def read_only(packed, as_nobody):
    """The design where nothing can be written."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(as_nobody, filter="data")
    folder = as_nobody / "d"
    for path in (folder, folder / "sim"):
        path.chmod(0o555)
    return folder


@pytest.mark.parametrize(("result", "command"), COMMANDS.items(), ids=COMMANDS)
def test_a_result_without_a_place_is_refused(read_only, result, command):
    with pytest.raises(ToolError) as caught:
        command(read_only)
    assert str(caught.value) == f"{read_only / result}: {DENIED}"


def test_it_is_not_built_again(read_only):
    with pytest.raises(ToolError) as caught:
        build(network(1), BuildOptions(), read_only)
    assert str(caught.value) == (
        f"{read_only}: must be writable, and is read-only; allow it or choose another place"
    )
