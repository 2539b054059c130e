"""The same files with the vendors' own integer classes, from the wheel that carries them.

Their `hls_stream.h` is not among them: ours is used.
"""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from clang.cindex import Index

from sim.test_designs import NETS, OPTIONS
from tests.hls.designs import compiled, planned, ran, written
from tests.hls.test_designs import plan_of
from tests.tiny_maps import small_cnn


def headers():
    spec = importlib.util.find_spec("alkaid")
    root = Path(next(iter(spec.submodule_search_locations))) / "codegen" / "hls" / "source"
    return {
        "ap_int": ("-I", str(root / "ap_types" / "include"), "-include", "not_ours.h"),
        "ac_int": (
            "-DHWGEN_AC",
            "-I",
            str(root / "ac_types" / "include"),
            "-include",
            "not_ours.h",
        ),
    }


# included first: our own integers, had they been taken, would end the compilation
NOT_OURS = "#define HWGEN_PLAIN_AP_INT_H\n"
DESIGNS = {
    "unrolled": (NETS["s4 codes s2"], OPTIONS["unrolled"]),
    "folded": (NETS["u4 argmax"], OPTIONS["folded 3x2"]),
}


@pytest.mark.parametrize(("design", "types"), [("unrolled", "ap_int"), ("folded", "ac_int")])
def test_a_vendors_integers_give_the_same(tmp_path, design, types):
    net, options = DESIGNS[design]
    written(net, plan_of(net, options), tmp_path / "hls")
    (tmp_path / "hls" / "not_ours.h").write_text(NOT_OURS)
    compiled(tmp_path / "hls", types=headers()[types], flags=("-O0", "-w"))
    status, text = ran(tmp_path / "hls")
    assert status == 0, text


@pytest.mark.slow
@pytest.mark.parametrize("types", headers())
@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_a_vendors_integers_give_the_same_on_maps(tmp_path, style, types):
    net = small_cnn(3)
    written(net, planned(net, style=style), tmp_path / "hls")
    (tmp_path / "hls" / "not_ours.h").write_text(NOT_OURS)
    compiled(tmp_path / "hls", types=headers()[types], flags=("-O0", "-w"))
    status, text = ran(tmp_path / "hls")
    assert status == 0, text


def system_headers():
    """Where the compiler at hand has its headers, in clang's terms."""
    command = ["g++", "-E", "-x", "c++", "-v", "/dev/null"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    listed = said.split("search starts here:")[-1].split("End of search list")[0]
    return [part for path in listed.split() for part in ("-isystem", path)]


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_clang_takes_it(tmp_path, style):
    """Vitis HLS and Bambu read C++ with it."""
    net = NETS["u4 argmax"]
    folder = written(net, planned(net, style=style), tmp_path / "hls")
    flags = ["-std=c++11", "-Wno-unknown-pragmas", "-nostdinc++"]
    places = ["-I", str(folder), "-I", str(folder / "sim"), *system_headers()]
    unit = Index.create().parse(str(folder / "test.cpp"), args=[*flags, *places])
    assert [str(problem) for problem in unit.diagnostics] == []
