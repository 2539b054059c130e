"""Scripts for tools that make hardware of C++. None of them was ever run by us: see README.md."""

from __future__ import annotations

from hwgen import __version__
from hwgen.hls.design import Design

PART = "xc7a35tcpg236-1"  # of a Basys 3 board: any other will do
DEFAULT_MHZ = 100.0
VECTORS = ("vectors/top_in.txt", "vectors/top_out.txt")


def script_files(design: Design) -> dict[str, str]:
    """Give the scripts by their path in `hls/`."""
    return {
        "vitis.cfg": _vitis_cfg(design),
        "vitis.tcl": _vitis_tcl(design),
        "bambu.sh": _bambu(design),
    }


def _period(design: Design) -> str:
    """Give the clock period in ns."""
    return f"{1000 / (design.plan.clock_mhz or DEFAULT_MHZ):g}"


def _head(design: Design) -> str:
    return (
        f"# {design.plan.name}: written by hwgen {__version__} after the manual, and not run by us."
    )


def _vitis_cfg(design: Design) -> str:
    name = design.plan.name
    files = "\n".join(f"tb.file={file}" for file in ("test.cpp", *VECTORS))
    return f"""{_head(design)}
# v++ -c --mode hls --config vitis.cfg --work_dir build
# vitis-run --mode hls --csim --config vitis.cfg --work_dir build (or --cosim)
part={PART}

[hls]
clock={_period(design)}ns
flow_target=vivado
syn.top={name}
syn.file={name}.cpp
{files}
tb.cflags=-DHWGEN_TOP_ONLY
package.output.format=ip_catalog
"""


def _vitis_tcl(design: Design) -> str:
    name = design.plan.name
    return f"""{_head(design)}
# vitis_hls -f vitis.tcl [csim] [synth] [cosim] [export]: these steps, or csim and synth
set part {PART}
set steps {{csim synth}}
if {{[info exists argv]}} {{
  set asked {{}}
  foreach word $argv {{
    if {{[lsearch {{csim synth cosim export}} $word] >= 0}} {{ lappend asked $word }}
  }}
  if {{[llength $asked] > 0}} {{ set steps $asked }}
}}

open_project -reset {name}_project
set_top {name}
add_files {name}.cpp
add_files -tb test.cpp -cflags "-DHWGEN_TOP_ONLY"
add_files -tb vectors
open_solution -reset -flow_target vivado solution
set_part $part
create_clock -period {_period(design)} -name default
foreach step $steps {{
  switch $step {{
    csim {{ csim_design }}
    synth {{ csynth_design }}
    cosim {{ cosim_design }}
    export {{ export_design -format ip_catalog }}
  }}
}}
exit
"""


def _bambu(design: Design) -> str:
    name = design.plan.name
    return f"""#!/bin/sh
{_head(design)}
# sh bambu.sh [options of bambu, such as --simulate or --device=...]
exec bambu {name}.cpp --top-fname={name} --std=c++14 -O2 -DHWGEN_BAMBU \\
  --generate-interface=INFER --clock-period={_period(design)} \\
  --generate-tb=test.cpp --tb-extra-gcc-options=-DHWGEN_TOP_ONLY "$@"
"""
