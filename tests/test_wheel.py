"""The wheel holds hwgen and nothing else, and its command runs outside the checkout."""

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from hwgen.nn import save_model
from tests.tiny_nets import network

ROOT = Path(__file__).parents[1]


def python(*arguments, cwd, program=sys.executable):
    """Run Python without a PYTHONPATH, which would put a checkout before what is installed.

    Loops of the planner run as Python: a fresh environment would compile them first, for minutes.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["NUMBA_DISABLE_JIT"] = "1"
    return subprocess.run(
        [program, *arguments], cwd=cwd, check=True, capture_output=True, text=True, env=environment
    ).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    # with the build backend at hand, no isolated environment has to be downloaded
    isolation = ["--no-isolation"] * (importlib.util.find_spec("hatchling") is not None)
    python("-m", "build", "--wheel", *isolation, "--outdir", str(out), ".", cwd=ROOT)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel; dependencies come from this one, by a .pth file."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "venv", with_pip=True)
    program = folder / "venv" / "bin" / "python"
    python("-m", "pip", "install", "--quiet", "--no-deps", str(wheel), cwd=folder, program=program)
    paths = python(
        "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder, program=program
    )
    # the plain path does not run the .pth file of the checkout's own editable installation
    (Path(paths.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_what_the_wheel_holds(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"hwgen", "hwgen-0.1.0.dist-info"}
    assert {Path(name).suffix for name in names if name.startswith("hwgen/")} <= {
        *(".py", ".pyi", ".typed", ".v", ".txt", ".html", ".css", ".js", ".svg"),
        *(".h", ".hpp", ".cpp", ".toml", ".sha256"),
    }
    tracked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "hwgen").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tracked <= set(names)
    assert "hwgen-0.1.0.dist-info/licenses/LICENSE" in names


def test_the_installed_package_is_not_the_checkout(installed):
    found = python(
        "-c",
        "import hwgen; print(hwgen.__file__)",
        cwd=installed,
        program=installed / "venv" / "bin" / "python",
    )
    assert Path(found.strip()).is_relative_to(installed)


def test_package_data_is_found(installed):
    code = (
        "from importlib.resources import files; "
        "print(files('hwgen.synth').joinpath('adders_to_alu.v').read_text())"
    )
    found = python("-c", code, cwd=installed, program=installed / "venv" / "bin" / "python")
    assert "techmap_celltype" in found


def test_the_command_answers(installed):
    found = python("--help", cwd=installed, program=installed / "venv" / "bin" / "hwgen")
    for verb in ("inspect", "build", "sim", "synth", "report"):
        assert verb in found


def test_model_to_report_outside_the_checkout(installed):
    program = installed / "venv" / "bin" / "hwgen"
    save_model(network(1), installed / "tiny.pt")
    python("build", "tiny.pt", "-o", "out", cwd=installed, program=program)
    simulated = python("sim", "out", "--json", cwd=installed, program=program)
    assert json.loads(simulated)["passed"]
    synthesised = python("synth", "out", "--json", cwd=installed, program=program)
    assert json.loads(synthesised)["luts"] > 0
    assert "out/report.html" in python("report", "out", cwd=installed, program=program)
