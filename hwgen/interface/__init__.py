"""The Python interface: the steps of the command line as objects, with the same names."""

from hwgen.errors import HwgenError
from hwgen.interface.calls import build, load, open_design
from hwgen.interface.design import Design, Report
from hwgen.interface.network import Network
from hwgen.plan.options import BuildOptions

__all__ = [
    "BuildOptions",
    "Design",
    "HwgenError",
    "Network",
    "Report",
    "build",
    "load",
    "open_design",
]
