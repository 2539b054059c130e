"""README.md of the folder `hls/`."""

from __future__ import annotations

from hwgen.hls.design import Design, port_bits


def readme_text(design: Design) -> str:
    """Say how the C++ is used, what is shown of it, and what never was run."""
    plan, name = design.plan, design.plan.name
    core = ""
    if design.is_combinational:
        core = f"""
`{name}_core(x, y)` is the network as a function of lanes, without streams: call it in a region of
your own. Lanes beyond the plan's types cannot be given; `{name}.h` has them.
"""
    return f"""# {name} as C++ for high-level synthesis

No tool for high-level synthesis was run on this code, or on any that hwgen wrote. What it says of
hardware in pragmas and scripts follows the manuals. What was shown is in the functions: see below.

    make                 compile the test with plain integer types, and run it
    make AP=DIR          the same with AMD's ap_int.h
    make AC=DIR          the same with Siemens' ac_int.h
    hwgen sim ..  --simulator cpp
    hwgen prove ..       from the code alone, for every input

`{name}(s_axis, m_axis)`, a call a vector: beats in {plan.inputs.beats} of {port_bits(plan.inputs)}
bits, out {plan.outputs.beats} of {port_bits(plan.outputs)}. These are the ports of the Verilog,
without `tlast`; lanes are packed from the lowest bit on. `{name}_axis` is the same with TLAST on
the last beat of a result, for a DMA; it needs AMD's `ap_axi_sdata.h`, with which we never compiled.
{core}
| file | |
|---|---|
| `{name}.h`, `{name}.cpp` | the design: a function a unit, then the top |
| `{name}_axis.h`, `{name}_axis.cpp` | another top around it, with TLAST |
| `hwgen_types.h` | chooses the integer types; `-DHWGEN_AC` for ac_int |
| `sim/` | plain integers and streams for `make`; not for synthesis |
| `test.cpp`, `vectors/` | the design and every unit against the integer network's outputs |
| `vitis.cfg`, `vitis.tcl`, `bambu.sh` | scripts, after the manuals, never run by us |

What is shown:

- `make` compares every beat of the design and of each unit, at the extremes of their sums too.
- `hwgen prove` runs the compiled function once on values that note where they come from, and shows
  that what comes out is the network for every input. `proof.json` says what that leaves open.

What is not known: LUTs, registers, clock, initiation interval and latency of any tool, whether its
streams are deep enough where branches join, and that it takes each pragma as it is meant. Depths of
streams are those of the Verilog's queues, or 2.
"""
