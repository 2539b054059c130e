"""Wrappers and descriptions of a design, opened by the tools that read them."""

import importlib.util
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from amaranth.back import rtlil
from migen.fhdl.verilog import convert

from hwgen.errors import ModelError
from hwgen.flow import build
from hwgen.package.descriptions import SPACE
from hwgen.package.port_list import read_ports
from hwgen.package.write import Form, write_package
from hwgen.plan.options import BuildOptions
from hwgen.synth.tools import find_yosys, run_tool, workspace
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "d"
    build(network(0), BuildOptions(style="folded", effort="low"), folder)
    place = folder / "board" / "icebreaker"
    place.mkdir(parents=True)
    (place / "board.json").write_text(json.dumps({"board": "icebreaker", "family": "ice40"}))
    return folder


def test_ports_are_those_of_the_verilog(design):
    with workspace(None) as where:
        (where.folder / "d.v").write_text((design / "tiny.v").read_text())
        script = (
            "read_verilog d.v; hierarchy -top tiny; proc; delete tiny/c:*; write_json ports.json"
        )
        run_tool(find_yosys(), ["-q", "-p", script], where)
        found = json.loads((where.folder / "ports.json").read_text())["modules"]["tiny"]["ports"]
    ports = {name: (port["direction"], len(port["bits"])) for name, port in found.items()}
    assert ports == {name: (direction, bits) for name, direction, bits in read_ports(design).ports}


@pytest.mark.parametrize("form", Form)
def test_the_same_design_gives_the_same_bytes(design, form):
    path = write_package(design, form)
    text = path.read_bytes()
    assert write_package(design, form).read_bytes() == text
    assert str(design).encode() not in text


def test_fusesoc_reads_the_core_and_lints_it(design, tmp_path):
    write_package(design, Form.fusesoc)
    fusesoc = str(Path(sys.executable).parent / "fusesoc")
    command = [fusesoc, "--cores-root", str(design)]
    shown = subprocess.run(
        [*command, "core", "show", "hwgen:designs:tiny"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert {"default", "lint", "icebreaker"} <= {
        line.split(":")[0].strip() for line in shown.splitlines()
    }
    subprocess.run(
        [*command, "run", "--setup", "--target", "lint", "hwgen:designs:tiny"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.rglob("tiny.v"))


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_amaranth_elaborates_the_wrapper(design):
    module = loaded(write_package(design, Form.amaranth))
    text = rtlil.convert(module.Tiny())
    assert "cell \\tiny" in text
    assert module.VERILOG.is_file()


@pytest.mark.parametrize("name", ["Tiny", "TinyCSR"])
def test_litex_elaborates_the_wrapper(design, name):
    class Platform:
        def __init__(self):
            self.files = []

        def add_source(self, path):
            self.files.append(path)

    platform = Platform()
    made = getattr(loaded(write_package(design, Form.litex)), name)(platform)
    made.finalize()
    assert [Path(path).name for path in platform.files] == ["tiny.v"]
    if name == "Tiny":
        assert "tiny tiny(" in str(convert(made, {made.sink.data, made.source.data}))


def test_the_instance_compiles(design):
    text = write_package(design, Form.verilog).read_text()
    with workspace(None) as where:
        (where.folder / "d.v").write_text((design / "tiny.v").read_text())
        own = f"module own(input aclk, input aresetn);\n{text}\nendmodule\n"
        (where.folder / "own.v").write_text(own)
        run_tool(
            find_yosys(), ["-q", "-p", "read_verilog d.v own.v; hierarchy -check -top own"], where
        )


def test_ipxact_maps_each_port_once(design):
    root = ET.parse(write_package(design, Form.ipxact)).getroot()
    assert root.tag == f"{{{SPACE}}}component"
    spaces = {"x": SPACE}
    named = [port.text for port in root.findall(".//x:ports/x:port/x:name", spaces)]
    assert named == [name for name, *_ in read_ports(design).ports]
    for bus in ("s_axis", "m_axis"):
        own = root.find(f".//x:busInterface[x:name='{bus}']", spaces)
        mapped = [item.text for item in own.findall(".//x:physicalPort/x:name", spaces)]
        assert mapped == [f"{bus}_{signal}" for signal in ("tdata", "tvalid", "tready", "tlast")]


def test_a_folder_without_a_design_is_refused(tmp_path):
    with pytest.raises(ModelError) as error:
        write_package(tmp_path, Form.fusesoc)
    assert str(error.value) == (
        f"{tmp_path}: must be a design folder with design.json; write one with `hwgen build`"
    )


def test_a_damaged_description_is_refused(tmp_path):
    (tmp_path / "design.json").write_text('{"name": "net"}')
    with pytest.raises(ModelError) as error:
        write_package(tmp_path, Form.fusesoc)
    assert str(error.value) == (
        f"{tmp_path / 'design.json'}: must be the design.json that `hwgen build` writes, and "
        "cannot be read (it has no ports); build the design again"
    )
