"""Descriptions of a design for the tools of others: FuseSoC, IP-XACT, Vivado."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from hwgen.package.port_list import PortList

VENDOR, LIBRARY = "hwgen", "designs"
SPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
PIN_FILES = {
    "ice40": ("pins.pcf", "PCF"),
    "ecp5": ("pins.lpf", "LPF"),
    "gowin": ("pins.cst", "CST"),
}
TOOLS = {"ice40": "icestorm", "ecp5": "trellis", "gowin": "apicula"}


def fusesoc(design: PortList, boards: Sequence[Mapping[str, Any]]) -> str:
    """Give NAME.core (CAPI2): default, lint, and a target for each board of the folder."""
    lines = [
        "CAPI=2:",
        f"name: {VENDOR}:{LIBRARY}:{design.name}:{design.version}",
        f"description: A neural network as AXI4-Stream in and out; {design.found}",
        "filesets:",
        "  rtl:",
        f"    files: [{design.name}.v]",
        "    file_type: verilogSource",
    ]
    for board in boards:
        place = f"board/{board['board']}"
        pins, kind = PIN_FILES[board["family"]]
        lines += [
            f"  {board['board']}:",
            "    files:",
            f"      - {place}/link.v: {{file_type: verilogSource}}",
            f"      - {place}/top.v: {{file_type: verilogSource}}",
            f"      - {place}/{pins}: {{file_type: {kind}}}",
        ]
    lines += [
        "targets:",
        "  default:",
        "    filesets: [rtl]",
        f"    toplevel: {design.name}",
        "  lint:",
        "    default_tool: verilator",
        "    filesets: [rtl]",
        "    tools:",
        "      verilator:",
        "        mode: lint-only",
        "        verilator_options: [-Wall]",
        f"    toplevel: {design.name}",
    ]
    for board in boards:
        lines += [
            f"  {board['board']}:",
            f"    default_tool: {TOOLS[board['family']]}",
            f"    filesets: [rtl, {board['board']}]",
            "    toplevel: hwgen_board",
        ]
    return "\n".join(lines) + "\n"


def ipxact(design: PortList) -> str:
    """Give component.xml (IEEE 1685-2014): ports, files, two AXI4-Streams. No schema checked it."""
    ET.register_namespace("ipxact", SPACE)
    root = ET.Element(_tag("component"))
    _add(root, vendor=VENDOR, library=LIBRARY, name=design.name, version=design.version)
    interfaces = ET.SubElement(root, _tag("busInterfaces"))
    for name, mode in (("s_axis", "slave"), ("m_axis", "master")):
        _stream(interfaces, name, mode)
    model = ET.SubElement(root, _tag("model"))
    view = ET.SubElement(ET.SubElement(model, _tag("views")), _tag("view"))
    _add(view, name="verilog", componentInstantiationRef="verilog")
    made = ET.SubElement(
        ET.SubElement(model, _tag("instantiations")), _tag("componentInstantiation")
    )
    _add(made, name="verilog", language="verilog", moduleName=design.name)
    _add(ET.SubElement(made, _tag("fileSetRef")), localName="verilog")
    ports = ET.SubElement(model, _tag("ports"))
    for name, direction, bits in design.ports:
        port = ET.SubElement(ports, _tag("port"))
        _add(port, name=name)
        wire = ET.SubElement(port, _tag("wire"))
        _add(wire, direction=direction.removesuffix("put"))
        if bits > 1:
            vector = ET.SubElement(ET.SubElement(wire, _tag("vectors")), _tag("vector"))
            _add(vector, left=str(bits - 1), right="0")
    files = ET.SubElement(ET.SubElement(root, _tag("fileSets")), _tag("fileSet"))
    _add(files, name="verilog")
    file = ET.SubElement(files, _tag("file"))
    _add(file, name=f"../{design.name}.v", fileType="verilogSource")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _stream(parent: ET.Element, name: str, mode: str) -> None:
    bus = ET.SubElement(parent, _tag("busInterface"))
    _add(bus, name=name)
    kind = {"vendor": "amba.com", "library": "AMBA4", "version": "r0p0_1"}
    ET.SubElement(bus, _tag("busType"), kind | {"name": "AXI4Stream"})
    kinds = ET.SubElement(ET.SubElement(bus, _tag("abstractionTypes")), _tag("abstractionType"))
    ET.SubElement(kinds, _tag("abstractionRef"), kind | {"name": "AXI4Stream_rtl"})
    maps = ET.SubElement(kinds, _tag("portMaps"))
    for signal in ("TDATA", "TVALID", "TREADY", "TLAST"):
        one = ET.SubElement(maps, _tag("portMap"))
        _add(ET.SubElement(one, _tag("logicalPort")), name=signal)
        _add(ET.SubElement(one, _tag("physicalPort")), name=f"{name}_{signal.lower()}")
    ET.SubElement(bus, _tag(mode))


def _tag(name: str) -> str:
    return f"{{{SPACE}}}{name}"


def _add(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, _tag(name)).text = text


_VIVADO = """\
# Packs {name} as an IP of Vivado: vivado -mode batch -source package_ip.tcl
# Written by hwgen {version}; not run by its tests, which have no Vivado.
set here [file dirname [file normalize [info script]]]
create_project -in_memory -part xc7a35tcpg236-1
read_verilog [file join $here .. {name}.v]
set_property top {name} [current_fileset]
ipx::package_project -root_dir [file join $here ip] -vendor {vendor} -library {library} \\
  -taxonomy /UserIP -import_files
set core [ipx::current_core]
set_property name {name} $core
ipx::infer_bus_interfaces xilinx.com:interface:axis_rtl:1.0 $core
ipx::associate_bus_interfaces -busif s_axis -clock aclk $core
ipx::associate_bus_interfaces -busif m_axis -clock aclk $core
ipx::create_checksums $core
ipx::save_core $core
"""


def vivado(design: PortList) -> str:
    """Give package_ip.tcl."""
    return _VIVADO.format(name=design.name, version=design.version, vendor=VENDOR, library=LIBRARY)
