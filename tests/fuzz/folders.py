"""Design folders damaged at random and given to report, prove, sim and synth."""

import json
import shutil
import stat

import numpy as np

from hwgen.emit import emit
from hwgen.ir import Graph
from hwgen.network_file import load_network
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.prove.run import prove
from hwgen.reference import outputs
from hwgen.simulate import simulate
from tests.fuzz.cases import run
from tests.fuzz.damage import damaged_file
from tests.fuzz.models import tiny
from tests.report.designs import add_simulation, add_synthesis

STYLES = ("unrolled", "folded")
OPTIONS = {"unrolled": {"effort": "low"}, "folded": {"pe": 2, "simd": 2}}
PAGES = {"report.html", "report.json"}
DESIGN = ("tiny.v", "design.json", "network.npz", "SHA256SUMS")  # what a proof and a page are of


def make_designs(home):
    """Build a design of each style, with results."""
    for style in STYLES:
        options = BuildOptions(style=style, **OPTIONS[style])
        graph = tiny()
        emit(plan_design(graph, options), graph, home / style, lambda *_: None)
        assert prove(home / style).proved
        add_simulation(home / style)
        add_synthesis(home / style, "xc7")


def damaged_folder(home, place, rng, names):
    """Copy a design folder and damage one file of it, or two."""
    folder = shutil.copytree(home / rng.choice(STYLES), place / "d")
    files = sorted(path for path in home.rglob("*") if path.is_file() and path.name != "lock")
    for _ in range(int(rng.choice((1, 1, 1, 2)))):
        name = str(rng.choice(names))
        if (folder / name).is_file():
            damaged_file(rng, folder / name, files)
    return folder


def contents(folder):
    """Give every file and what it holds; what is no file, by its kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = path.read_bytes() if stat.S_ISREG(mode) else stat.S_IFMT(mode)
        found[str(path.relative_to(folder))] = content
    return found


def reported(home, place, seed):
    """Report a damaged folder: a page that holds only where nothing was changed."""
    rng = np.random.default_rng(seed)
    names = sorted(
        str(path.relative_to(home / "folded"))
        for path in (home / "folded").rglob("*")
        if path.is_file()
    )
    folder = damaged_folder(home, place, rng, names)
    before = contents(folder)
    status = run("report", folder)
    after = contents(folder)
    assert {name: after[name] for name in after if name not in PAGES} == before
    if status == 2:
        assert not PAGES & set(after)
        return
    document = json.loads((folder / "report.json").read_text())
    assert document["holds"] == (status == 0)
    if status == 0:
        style = document["layers"][0]["style"]
        whole = contents(home / style)
        files = {name: text for name, text in before.items() if isinstance(text, bytes)}
        assert {name for name in files if meaning(files, name) != meaning(whole, name)} == set()


def meaning(files, name):
    """Give what a file says: a result, which its own seal guards, says the same without its end."""
    if name == "proof.json" or name.startswith("synth/") or name == "sim/result.json":
        return json.loads(files[name])
    return files[name]


def proved(home, place, seed):
    """Prove a damaged folder: it is proved only where the gates are the network."""
    rng = np.random.default_rng(seed)
    folder = damaged_folder(home, place, rng, DESIGN)
    before = contents(folder)
    status = run("prove", folder)
    after = contents(folder)
    if status == 2:
        assert after == before
    assert {name: after[name] for name in before if name != "proof.json"} == {
        name: before[name] for name in before if name != "proof.json"
    }
    if status == 0:
        _check_proved(home, folder)


def _check_proved(home, folder):
    """Simulate the gates against the folder's network, without the rest of the folder."""
    graph: Graph = load_network(folder / "network.npz")
    with np.load(home / "folded" / "vectors.npz") as vectors:
        assert np.array_equal(outputs(graph, vectors["x"]), vectors["y"])
    style = json.loads((folder / "design.json").read_text())["layers"][0]["style"]
    if (folder / "tiny.v").read_bytes() == (home / style / "tiny.v").read_bytes():
        return
    bench = shutil.copytree(home / style, folder.parent / "bench")
    shutil.copyfile(folder / "tiny.v", bench / "tiny.v")
    assert simulate(bench, simulator="icarus").passed


def simulated(home, place, seed):
    """Simulate a damaged folder: it passes only where gates and vectors agree."""
    rng = np.random.default_rng(seed)
    names = ("tiny.v", "vectors.npz", "network.npz", "plan.json", "sim/bench.json")
    folder = damaged_folder(home, place, rng, names)
    options = ["--seed", "3"] if rng.random() < 0.5 else []
    run("sim", folder, "--simulator", "icarus", "--samples", "4", *options)


def synthesised(home, place, seed):
    """Synthesise a damaged folder."""
    rng = np.random.default_rng(seed)
    folder = damaged_folder(home, place, rng, ("tiny.v", "design.json"))
    run("synth", folder, "--target", "ice40")
