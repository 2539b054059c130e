"""NAME_axis.h and NAME_axis.cpp: the design between streams that mark their last beat."""

from __future__ import annotations

from hwgen import __version__
from hwgen.hls.design import Design
from hwgen.hls.ports import interface


def axis_files(design: Design) -> dict[str, str]:
    """Give the files by their path in `hls/`."""
    name = design.plan.name
    head = f"// {name}: written by hwgen {__version__}. Do not edit."
    guard = f"{name.upper()}_AXIS_H"
    ports = f"(hls::stream<{name}_in_beat> &s_axis, hls::stream<{name}_out_beat> &m_axis)"
    header = f"""{head}
#ifndef {guard}
#define {guard}

#include "{name}.h"
#include <ap_axi_sdata.h>

// Beats with TLAST, of AMD's header: that of the input is not looked at, that of the output marks
// the last beat of a result, as in the Verilog.
typedef hls::axis<{name}_in_word, 0, 0, 0, AXIS_ENABLE_LAST> {name}_in_beat;
typedef hls::axis<{name}_out_word, 0, 0, 0, AXIS_ENABLE_LAST> {name}_out_beat;

void {name}_axis{ports};

#endif  // {guard}
"""
    pragmas = "\n".join(interface())
    source = f"""{head}
// {name}_axis is the top for a DMA, which ends at TLAST; without one take {name} itself.
#include "{name}_axis.h"

static void {name}_bare(hls::stream<{name}_in_beat> &in, hls::stream<{name}_in_word> &out) {{
beats:
  for (int beat = 0; beat < {name}_in_beats; beat++) {{
#pragma HLS PIPELINE II=1
    out.write(in.read().data);
  }}
}}

static void {name}_marked(hls::stream<{name}_out_word> &in, hls::stream<{name}_out_beat> &out) {{
beats:
  for (int beat = 0; beat < {name}_out_beats; beat++) {{
#pragma HLS PIPELINE II=1
    {name}_out_beat marked;
    marked.data = in.read();
    marked.last = beat == {name}_out_beats - 1;
    out.write(marked);
  }}
}}

void {name}_axis{ports} {{
{pragmas}
#pragma HLS DATAFLOW
  hls::stream<{name}_in_word> given("{name}_axis.given");
#pragma HLS STREAM variable=given depth=2
  hls::stream<{name}_out_word> found("{name}_axis.found");
#pragma HLS STREAM variable=found depth=2
  {name}_bare(s_axis, given);
  {name}(given, found);
  {name}_marked(found, m_axis);
}}
"""
    return {f"{name}_axis.h": header, f"{name}_axis.cpp": source}
