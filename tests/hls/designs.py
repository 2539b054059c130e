"""C++ of small designs: written, compiled and run."""

import subprocess
from pathlib import Path

from hwgen.hls.design import Design
from hwgen.hls.folder import code_files, write_hls
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.vectors.design import design_vectors

PLAIN = ("-O0",)
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label")
QUIET = ("-Wno-unused-parameter", "-Wno-unused-function")


def planned(graph, **options):
    """Give a plan, found with little effort."""
    return plan_design(graph, BuildOptions(**{"effort": "low", **options}), lambda *_: None)


def written(graph, plan, folder):
    """Write the C++ of a plan and its vectors."""
    design = Design(plan)
    folder.mkdir()
    write_hls(design, code_files(design), design_vectors(plan, graph), folder)
    return folder


def compiled(folder, flags=PLAIN, types=()):
    """Compile the test of a folder."""
    command = ["g++", "-std=c++11", *flags, "-I", ".", *types, "-I", "sim", "-o", "test"]
    done = subprocess.run([*command, "test.cpp"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "test"


def ran(folder, *arguments):
    """Run the compiled test: its exit status and what it says."""
    done = subprocess.run([folder / "test", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check(graph, plan, folder, **how):
    """Write, compile and run, and expect that all is equal."""
    written(graph, plan, folder)
    compiled(folder, **how)
    status, text = ran(folder)
    assert status == 0, text
    assert text.endswith("passed\n")


def edited(folder: Path, old, new, name="tiny.cpp"):
    """Replace a text that must be there once."""
    path = folder / name
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new))
