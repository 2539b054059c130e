"""Regions run as processes side by side, between streams of just the depths that they ask for.

Processes read and write in an order that no data and no waiting changes, so whether they come to
stand still does not depend on which of them runs first: one run shows it. A region inside another
begins when its arrays are filled and ends with its last process, which asks for more of the
streams than hardware does.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests import tiny_graphs
from tests.hls.designs import planned, written
from tests.random_graphs import random_graph

FRAMES = 6
STREAM = re.compile(r'^  (hls::stream<\w+> \w+)\(("[\w.]+")\);\n(#pragma .* depth=(\d+))$', re.M)
CALL = re.compile(r"^  (\w+(?:<\d+>)?\([\w, ]+\));$", re.M)
DRIVER = """
#include "{name}_processes.cpp"
#include <string>
#include <vector>
{reading}
int main() {{
  using namespace hwgen_test;
  const Beats given = load("top_in.txt"), expected = load("top_out.txt");
  hls::stream<{name}_in_word> in("s_axis", 1u << 30);
  hls::stream<{name}_out_word> out("m_axis", 1u << 30);
  for (int k = 0; k < FRAMES * {name}_in_beats; k++) {{
    {name}_in_word word = 0;
    Bits bits(given[k], {in_bits});
    Word<{in_bits}>::take(bits, word);
    in.write(word);
  }}
  {name}(in, out);
  for (int k = 0; k < FRAMES * {name}_out_beats; k++) {{
    Bits bits;
    Word<{out_bits}>::put(bits, out.read());
    if (bits.text() != expected[k]) return printf("beat %d\\n", k), 1;
  }}
  return in.size() || out.size();
}}
"""


def processes(text, name, most):
    """Make threads of the calls in a region; those of the top are called for every frame."""
    blocks = text.split("\n}\n")
    for k, block in enumerate(blocks):
        if "#pragma HLS DATAFLOW" not in block:
            continue
        times = "FRAMES" if re.search(rf"^void {name}\(", block, re.M) else "1"
        block = STREAM.sub(
            lambda found: f"  {found[1]}({found[2]}, {min(int(found[4]), most)});", block
        )
        calls = [found for found in CALL.finditer(block) if "_load(" not in found[1]]
        for number, found in reversed(list(enumerate(calls))):
            started = f"  processes.start({times}, [&] {{ {found[1]}; }});"
            first = "  Processes processes;\n" if not number else ""
            block = block[: found.start()] + first + started + block[found.end() :]
        blocks[k] = block
    return "\n}\n".join(blocks)


def stand_still(net, plan, folder, most=1 << 30):
    """Run a design as processes; what stands still, or nothing."""
    written(net, plan, folder)
    name = plan.name
    text = (folder / f"{name}.cpp").read_text()
    (folder / f"{name}_processes.cpp").write_text(processes(text, name, most))
    test = (folder / "test.cpp").read_text()
    reading = test[test.index("namespace hwgen_test {") : test.index("// What a test has found")]
    header = (folder / f"{name}.h").read_text()
    bits = {
        f"{end}_bits": width for width, end in re.findall(r"<(\d+)> \w+_(in|out)_word;", header)
    }
    driver = DRIVER.format(name=name, reading=reading + "}\n", **bits)
    (folder / "processes.cpp").write_text(driver)
    bounded = Path(__file__).parent / "bounded"
    command = [
        "g++",
        "-std=c++11",
        "-O0",
        "-w",
        "-pthread",
        f"-DFRAMES={FRAMES}",
        "-o",
        "processes",
    ]
    command += ["-I", bounded, "-I", ".", "-I", "sim", "processes.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    run = subprocess.run([folder / "processes"], cwd=folder, capture_output=True, text=True)
    if run.returncode == 5:
        return run.stderr.strip()
    assert run.returncode == 0, run.stdout
    return None


@pytest.mark.parametrize("name", ["residual", "input_twice"])
def test_branches_do_not_stand_still(tmp_path, name):
    net = getattr(tiny_graphs, name)()
    assert stand_still(net, planned(net, style="folded"), tmp_path / "hls") is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_branches_do_not_stand_still(tmp_path, seed):
    net = random_graph(seed)
    assert stand_still(net, planned(net, style="folded"), tmp_path / "hls") is None


def test_a_queue_that_is_too_short_is_found(tmp_path):
    net = tiny_graphs.residual()
    found = stand_still(net, planned(net, style="folded"), tmp_path / "hls", most=2)
    assert re.fullmatch(r"[\w.]+: stays (full|empty)", found)
