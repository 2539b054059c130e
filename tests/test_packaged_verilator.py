"""The objects of Verilator's runtime are kept, and made anew where anything they are of changed."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import hwgen.packaged_verilator as packaged

SOURCE = '#include "verilated.h"\nint answer() { return ANSWER; }\n'


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    include = tmp_path / "include"
    include.mkdir()
    (include / "verilated.h").write_text("#define ANSWER 42\n")
    (include / "verilated.cpp").write_text(SOURCE)
    return include


def compiled(folder, source="verilated.cpp", *flags):
    program = [sys.executable, "-SE", packaged.__file__]
    made = folder.parent / "made.o"
    made.unlink(missing_ok=True)
    command = ["c++", *flags, "-c", "-o", str(made), str(folder / source)]
    assert subprocess.run([*program, *command], check=False).returncode == 0
    return made.read_bytes()


def kept(folder):
    return sorted((folder.parent / "cache").rglob("*"), key=str)[2:]  # behind hwgen/verilator


def test_an_object_is_taken_the_second_time(runtime):
    first = compiled(runtime)
    (file,) = kept(runtime)
    assert file.read_bytes().endswith(first)
    file.write_bytes(hashlib.sha256(b"as kept").digest() + b"as kept")
    assert compiled(runtime) == b"as kept"


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-9], lambda c: b"", lambda c: c[:99] + b"?" + c[100:]]
)
def test_a_damaged_object_is_made_anew(runtime, damage):
    first = compiled(runtime)
    (file,) = kept(runtime)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert compiled(runtime) == first
    assert file.read_bytes() == whole


def test_other_flags_and_headers_make_another(runtime):
    first = compiled(runtime)
    assert compiled(runtime, "verilated.cpp", "-DOTHER") is not None
    assert len(kept(runtime)) == 2
    (runtime / "verilated.h").write_text("#define ANSWER 2 * 42\n")
    assert compiled(runtime) != first
    assert len(kept(runtime)) == 3


def test_what_is_of_a_design_is_not_kept(runtime):
    (runtime / "Vtop.cpp").write_text(SOURCE)
    compiled(runtime, "Vtop.cpp")
    assert kept(runtime) == []


def test_a_failure_is_passed_on_and_not_kept(runtime):
    (runtime / "verilated.cpp").write_text("nonsense")
    command = ["c++", "-c", "-o", str(runtime / "made.o"), str(runtime / "verilated.cpp")]
    assert packaged.compile_or_take(command) != 0
    assert kept(runtime) == []


def test_without_a_place_to_keep_it_it_is_compiled(runtime):
    (runtime.parent / "cache").write_text("a file")
    assert compiled(runtime) == compiled(runtime)


def test_a_path_that_make_cannot_read_is_no_prefix(monkeypatch):
    monkeypatch.delenv("OBJCACHE", raising=False)
    monkeypatch.setattr(packaged, "__file__", str(Path("/a path/packaged_verilator.py")))
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("VERILATOR_ROOT", "")
    packaged.use_packaged_verilator()
    assert "OBJCACHE" not in packaged.os.environ
