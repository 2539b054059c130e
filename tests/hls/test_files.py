"""What `hls/` holds: the same bytes, refusals, pragmas, scripts, names, damaged vector files."""

import re
import shutil
import subprocess
import tkinter

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.hls.bench import beats_text
from hwgen.hls.design import Design
from hwgen.hls.folder import code_files
from hwgen.hls.names import Names
from hwgen.hls.text import covering, integer, literal, reduced
from hwgen.hls.unrolled_dense import MOST_ADDERS
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from tests.hls.designs import check, compiled, planned, ran, written
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network

STYLES = ["unrolled", "folded"]


@pytest.fixture(scope="module", params=STYLES)
def code(request):
    net = network(1)
    return code_files(Design(planned(net, style=request.param)))


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tested") / "hls"
    net = network(5, widths=(3, 2), argmax=False)
    written(net, planned(net, style="unrolled"), folder)
    compiled(folder)
    return folder


def test_the_same_plan_gives_the_same_bytes():
    texts = [code_files(Design(planned(network(1), style="folded"))) for _ in range(2)]
    assert texts[0] == texts[1]


def test_the_build_writes_it_beside_the_verilog(tmp_path):
    build(network(1), BuildOptions(style="unrolled"), tmp_path / "d", hls=True)
    build(network(1), BuildOptions(style="unrolled"), tmp_path / "e")
    with_cpp, without = (
        {
            path.relative_to(f).as_posix(): path.read_bytes()
            for path in f.rglob("*")
            if path.is_file()
        }
        for f in (tmp_path / "d", tmp_path / "e")
    )
    added = {name for name in with_cpp.keys() - without if not name.startswith("hls/vectors/")}
    assert added == {
        *(f"hls/{name}" for name in ("tiny.h", "tiny.cpp", "test.cpp", "hwgen_types.h")),
        *(f"hls/{name}" for name in ("sim/ap_int.h", "sim/hls_stream.h", "Makefile", "README.md")),
        *(f"hls/{name}" for name in ("tiny_axis.h", "tiny_axis.cpp", "sim/ap_axi_sdata.h")),
        *(f"hls/{name}" for name in ("vitis.cfg", "vitis.tcl", "bambu.sh")),
    }
    changed = {name for name in without if with_cpp[name] != without[name]}
    assert changed == {"design.json", "SHA256SUMS"}


def test_a_beat_that_no_port_takes_is_refused(tmp_path):
    graph = matrix_graph("m", np.ones((1, 700), np.int64), IntType.parse("u8"))
    with pytest.raises(PlanError) as error:
        build(graph, BuildOptions(style="unrolled", effort="low"), tmp_path / "d", hls=True)
    assert str(error.value) == (
        "--hls: the input beat must have at most 4096 bits, not 5600; use folded layers or fewer "
        "input bits"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_means_something_to_a_tool_is_refused(tmp_path):
    graph = matrix_graph("hls_net", np.ones((1, 2), np.int64), IntType.parse("u2"))
    with pytest.raises(PlanError) as error:
        build(graph, BuildOptions(style="unrolled", effort="low"), tmp_path / "d", hls=True)
    assert str(error.value) == (
        "--hls: the network's name must not begin with ap_, ac_, hls, hwgen_, as hls_net does; "
        "rename it"
    )


def test_a_beat_that_no_stream_of_structs_takes_is_refused(monkeypatch):
    plan = planned(small_cnn(1), style="unrolled")
    monkeypatch.setattr("hwgen.hls.design.MOST_PORT_BITS", 40)
    with pytest.raises(PlanError) as error:
        Design(plan)
    assert str(error.value) == (
        "conv0__window: beats between units must have at most 40 bits with --hls, not 51; use "
        "folded layers or fewer bits"
    )


def test_large_graphs_are_cut(tmp_path, monkeypatch):
    assert MOST_ADDERS == 1000
    monkeypatch.setattr("hwgen.hls.unrolled_dense.MOST_ADDERS", 7)
    net = network(1)
    check(net, planned(net, style="unrolled"), tmp_path / "hls")
    assert "dense0_part2(" in (tmp_path / "hls" / "tiny.cpp").read_text()


# Options of pragmas as UG1399 lists them; `variable=` and `port=` name something declared
PRAGMAS = {
    "INLINE": {"off"},
    "PIPELINE": {"II"},
    "DATAFLOW": set(),
    "STREAM": {"variable", "depth"},
    "ARRAY_PARTITION": {"variable", "dim", "type"},
    "ARRAY_RESHAPE": {"variable", "dim", "type"},
    "BIND_OP": {"variable", "op", "impl"},
    "BIND_STORAGE": {"variable", "type", "impl"},
    "INTERFACE": {"mode", "port"},
}


@pytest.mark.parametrize(
    "plan",
    [*(planned(network(1), style=style) for style in STYLES)]
    + [planned(small_cnn(1), style=style) for style in STYLES],
    ids=["unrolled", "folded", "unrolled map", "folded map"],
)
def test_pragmas_are_those_of_the_manual_and_name_what_is_there(plan):
    text = code_files(Design(plan))[f"{plan.name}.cpp"]
    found = 0
    for function in re.split(r"\n(?=(?:template|static|void) )", text):
        for pragma, words in re.findall(r"#pragma HLS ([A-Z_]+) ?(.*)", function):
            options = dict(word.partition("=")[::2] for word in words.split())
            assert options.keys() <= PRAGMAS[pragma], (pragma, words)
            name = options.get("variable", options.get("port", "return"))
            assert name == "return" or re.search(rf"[ &]{name}([,)(\[;]| =)", function), (
                pragma,
                name,
            )
            found += 1
    assert found > 10


MARKED = r"""
#include <stdio.h>
#include "tiny.cpp"
#include "tiny_axis.cpp"
int main() {
  hls::stream<tiny_in_beat> in("in");
  hls::stream<tiny_out_beat> out("out");
  hls::stream<tiny_in_word> bare("bare");
  hls::stream<tiny_out_word> found("found");
  for (int vector = 0; vector < 3; vector++) {
    for (int beat = 0; beat < tiny_in_beats; beat++) {
      tiny_in_beat marked;
      marked.data = tiny_in_word(17 * vector + 5 * beat);
      marked.last = 0;
      in.write(marked);
      bare.write(marked.data);
    }
    tiny_axis(in, out);
    tiny(bare, found);
    for (int beat = 0; beat < tiny_out_beats; beat++) {
      const tiny_out_beat marked = out.read();
      printf("%d%d ", marked.last.to_int(), marked.data.to_int() == found.read().to_int());
    }
  }
  return out.empty() && in.empty() ? 0 : 1;
}
"""


@pytest.mark.parametrize(("style", "lasts"), [("unrolled", "11 "), ("folded", "01 11 ")])
def test_the_last_beat_is_marked(tmp_path, style, lasts):
    net = network(1, widths=(4, 3), argmax=False)
    plan = planned(net, style=style, **({"pe": 1} if style == "folded" else {}))
    folder = written(net, plan, tmp_path / "hls")
    (folder / "marked.cpp").write_text(MARKED)
    command = ["g++", "-std=c++11", "-Wall", "-Werror", "-Wno-unknown-pragmas"]
    command += ["-Wno-unused-label", "-I", ".", "-I", "sim", "-o", "marked", "marked.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([folder / "marked"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, 3 * lasts)


def test_the_tcl_script_calls_what_it_should(code):
    interpreter = tkinter.Tcl()
    calls = []
    for command in ("open_project", "set_top", "add_files", "open_solution", "set_part", "exit"):
        interpreter.createcommand(command, lambda *words, c=command: calls.append((c, *words)))
    for command in ("create_clock", "csim_design", "csynth_design", "cosim_design"):
        interpreter.createcommand(command, lambda *words, c=command: calls.append((c, *words)))
    interpreter.createcommand("export_design", lambda *words: calls.append(("export", *words)))
    interpreter.eval("set argv {-f vitis.tcl csim cosim}")
    interpreter.eval(code["vitis.tcl"])
    names = [call[0] for call in calls]
    assert names[:2] == ["open_project", "set_top"]
    assert names[-3:] == ["csim_design", "cosim_design", "exit"]
    assert ("set_top", "tiny") in calls
    assert ("add_files", "-tb", "test.cpp", "-cflags", "-DHWGEN_TOP_ONLY") in calls


def test_scripts_name_files_that_are_there(code):
    named = re.findall(r"file=(\S+)", code["vitis.cfg"])
    assert named == ["tiny.cpp", "test.cpp", "vectors/top_in.txt", "vectors/top_out.txt"]
    assert "bambu tiny.cpp --top-fname=tiny " in code["bambu.sh"]
    assert subprocess.run(["sh", "-n"], input=code["bambu.sh"], text=True).returncode == 0


def test_the_readme_says_first_what_was_not_run(code):
    assert code["README.md"].splitlines()[2].startswith("No tool for high-level synthesis was run")


def test_no_data_reaches_a_branch_but_by_our_functions(code):
    """What trace types refuse when they are compiled; here as text."""
    for condition in re.findall(r"if \((.*?)\) ", code["tiny.cpp"]):
        assert re.fullmatch(r"[a-z_0-9 =<>&!%+*()\[\]-]+", condition)
        assert ".e" not in condition


@pytest.mark.parametrize(
    ("file", "change", "status", "said"),
    [
        ("top_in.txt", lambda text: None, 2, "top_in.txt: must be there, and is not"),
        (
            "u0_out.txt",
            lambda text: text[: text.index("\n") + 1],
            2,
            "vector files must have whole",
        ),
        ("top_out.txt", lambda text: text + text, 2, "vector files must have whole vectors"),
        ("top_in.txt", lambda text: text[:-1], 2, "must end with a whole line"),
        ("top_in.txt", lambda text: "0" + text, 2, "a beat must have 4 digits, not 5"),
        ("top_in.txt", lambda text: "x" + text[1:], 2, "must have hexadecimal digits, not 'x'"),
        ("top_out.txt", lambda text: "0000\n" + text[5:], 1, "top: 69 vectors, 1 beats differ"),
    ],
)
def test_damaged_vectors_are_no_pass(tested, tmp_path, file, change, status, said):
    shutil.copytree(tested / "vectors", tmp_path / "vectors")
    path = tmp_path / "vectors" / file
    text = change(path.read_text())
    path.unlink()
    if text is not None:
        path.write_text(text)
    found = ran(tested, str(tmp_path / "vectors"))
    assert found[0] == status, found[1]
    assert said in found[1]


def test_speed_is_told(tested):
    status, text = ran(tested, "--speed", "1000")
    assert status == 0
    assert re.fullmatch(r"\d+ vectors a second\n", text)


def test_names_are_free_and_legal():
    names = Names()
    assert names.give("dense0") == "dense0"
    assert names.give("dense0") == "dense0_2"
    assert names.give("double") == "unit_double"
    assert names.give("hls_net") == "unit_hls_net"
    assert names.give("conv__window") == "conv_window"
    assert names.give("a_join") == "unit_a_join"
    assert names.give("n12") == "unit_n12"


def test_numbers_read_as_their_type():
    kind = IntType.parse("s5")
    assert literal(31, kind) == "ap_int<5>(-1)"
    assert literal(-3, IntType.parse("u4")) == "ap_uint<4>(13)"
    assert reduced(16, kind) == -16
    assert integer(1 << 31) == "2147483648LL"
    assert covering(IntType.parse("u4"), IntType.parse("s3")) == kind


def test_beats_are_packed_from_the_lowest_lane_on():
    lanes = (IntType.parse("u4"), IntType.parse("s3"))
    assert beats_text(np.array([[5, -1, 1, -4]]), lanes, 7) == "75\n41\n"
