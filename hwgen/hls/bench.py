"""The test bench in C++: the design and every unit against their vectors."""

from __future__ import annotations

from importlib import resources

import numpy as np

from hwgen import __version__
from hwgen.hls.beats import Beat
from hwgen.hls.design import Design, port_bits
from hwgen.hls.text import type_name
from hwgen.hls.units import Unit
from hwgen.numeric import IntArray, IntType
from hwgen.plan.execute import to_slots
from hwgen.plan.stages.positions import at_one_position
from hwgen.plan.vectors.design import VectorSet


def static_text(name: str) -> str:
    """Give a file that is the same for every design."""
    return (resources.files("hwgen.hls") / "static" / name).read_text(encoding="ascii")


def vector_files(design: Design, vectors: VectorSet) -> dict[str, str]:
    """Give the vectors of the design and of every unit, a packed beat a line."""
    plan = design.plan
    files = {}
    for end, stream, values in (("in", plan.inputs, vectors.x), ("out", plan.outputs, vectors.y)):
        slots = to_slots(stream, values)
        files[f"top_{end}.txt"] = beats_text(slots, stream.lanes, port_bits(stream))
    for index in design.units:
        stage = at_one_position(plan.stages[index])
        for end, stream, slots in zip(
            ("in", "out"), (stage.inputs, stage.outputs), vectors.units[index], strict=True
        ):
            files[f"u{index}_{end}.txt"] = beats_text(slots, stream.lanes, stream.width)
    return files


def beats_text(slots: IntArray, lanes: tuple[IntType, ...], width: int) -> str:
    """Pack the lanes of beats, (vectors, slots), into hexadecimal numbers of `width` bits."""
    beats = slots.reshape(-1, len(lanes))
    digits = -(-width // 4)
    bits = np.zeros((len(beats), 8 * -(-digits // 2)), np.uint8)
    place = 0
    for lane, kind in enumerate(lanes):
        shifted = beats[:, lane, None] >> np.arange(kind.bits)
        bits[:, place : place + kind.bits] = shifted & 1
        place += kind.bits
    packed = np.packbits(bits, axis=1, bitorder="little")[:, ::-1]
    return "".join(f"{beat.tobytes().hex()[-digits:]}\n" for beat in packed)


def bench_text(design: Design) -> str:
    """Give test.cpp."""
    name = design.plan.name
    head = f"""\
// Test of {name}, written by hwgen {__version__}: the design, then every unit, against the vectors
// of the integer network. test [FOLDER] [--speed N]: exit status 0 where all is equal, 1 where a
// beat differs, 2 where a vector file is missing, short or long.
//
// With HWGEN_TOP_ONLY only {name}.h is read, for tools that compile {name}.cpp themselves.
#ifdef HWGEN_TOP_ONLY
#include "{name}.h"
#else
#include "{name}.cpp"
#endif
"""
    beats = {unit.x.name: unit.x for unit in design.units.values()}
    beats |= {unit.y.name: unit.y for unit in design.units.values()}
    converters = "\n\n".join(_converters(beat) for beat in beats.values())
    tests = "\n\n".join(_unit_test(index, unit) for index, unit in design.units.items())
    calls = "\n".join(f"  passed &= test_u{index}();" for index in design.units)
    return f"""{head}
{static_text("test_head.cpp")}
static bool test_top() {{
  const Beats given = load("top_in.txt"), expected = load("top_out.txt");
  Verdict verdict("top", given, expected, {name}_in_beats, {name}_out_beats);
  hls::stream<{name}_in_word> in("s_axis");
  hls::stream<{name}_out_word> out("m_axis");
  for (size_t vector = 0; vector < verdict.vectors(); vector++) {{
    for (int beat = 0; beat < {name}_in_beats; beat++) {{
      Bits bits(given[vector * {name}_in_beats + static_cast<size_t>(beat)], {_in_bits(design)});
      {name}_in_word word = 0;
      Word<{_in_bits(design)}>::take(bits, word);
      in.write(word);
    }}
    ::{name}(in, out);
    while (!out.empty()) {{
      Bits bits;
      Word<{_out_bits(design)}>::put(bits, out.read());
      verdict.compare(bits.text());
    }}
  }}
  while (!in.empty()) {{
    in.read();
    verdict.left(1);
  }}
  return verdict.passed();
}}

static void speed(long vectors) {{
  const Beats given = load("top_in.txt");
  std::vector<{name}_in_word> words;
  for (size_t beat = 0; beat < given.size(); beat++) {{
    Bits bits(given[beat], {_in_bits(design)});
    {name}_in_word word = 0;
    Word<{_in_bits(design)}>::take(bits, word);
    words.push_back(word);
  }}
  hls::stream<{name}_in_word> in("s_axis");
  hls::stream<{name}_out_word> out("m_axis");
  size_t next = 0;
  const clock_t start = clock();
  for (long vector = 0; vector < vectors; vector++) {{
    for (int beat = 0; beat < {name}_in_beats; beat++) {{
      in.write(words[next]);
      if (++next == words.size()) next = 0;
    }}
    ::{name}(in, out);
    while (!out.empty()) out.read();
  }}
  const double seconds = static_cast<double>(clock() - start) / CLOCKS_PER_SEC;
  printf("%.0f vectors a second\\n", static_cast<double>(vectors) / seconds);
}}

#ifndef HWGEN_TOP_ONLY
{converters}

{tests}
#endif

}}  // namespace hwgen_test

int main(int count, char **arguments) {{
  using namespace hwgen_test;
  long repeats = 0;
  for (int k = 1; k < count; k++) {{
    if (!strcmp(arguments[k], "--speed") && k + 1 < count)
      repeats = atol(arguments[++k]);
    else
      hwgen_test::folder = arguments[k];
  }}
  if (repeats > 0) {{
    speed(repeats);
    return 0;
  }}
  bool passed = test_top();
#ifndef HWGEN_TOP_ONLY
{calls}
#endif
#ifdef HWGEN_PLAIN_HLS_STREAM_H
  const size_t left = hls::left_over();
  if (left) printf("%d beats were left in streams between units\\n", static_cast<int>(left));
  passed &= left == 0;
#endif
  printf(passed ? "passed\\n" : "FAILED\\n");
  return passed ? 0 : 1;
}}
"""


def _in_bits(design: Design) -> int:
    return port_bits(design.plan.inputs)


def _out_bits(design: Design) -> int:
    return port_bits(design.plan.outputs)


def _converters(beat: Beat) -> str:
    takes, puts = [], []
    for index, kind in enumerate(beat.lanes):
        lane = beat.lane("beat", index)
        takes.append(f"  {lane} = {type_name(kind)}(bits.take({kind.bits}));")
        puts.append(f"  bits.put({lane}.to_int64(), {kind.bits});")
    if beat.is_array and len(beat.lanes) > 1:
        kind, loop = beat.lanes[0], f"  for (int k = 0; k < {len(beat.lanes)}; k++)"
        takes = [loop, f"    beat.e[k] = {type_name(kind)}(bits.take({kind.bits}));"]
        puts = [loop, f"    bits.put(beat.e[k].to_int64(), {kind.bits});"]
    width = sum(kind.bits for kind in beat.lanes)
    return "\n".join(
        [
            f"static void take(const std::string &text, {beat.name} &beat) {{",
            f"  Bits bits(text, {width});",
            *takes,
            "}",
            f"static std::string text_of(const {beat.name} &beat) {{",
            "  Bits bits;",
            *puts,
            "  return bits.text();",
            "}",
        ]
    )


def _unit_test(index: int, unit: Unit) -> str:
    stage = at_one_position(unit.stage)
    x, y = unit.x.name, unit.y.name
    beats = (1, 1) if unit.beatwise else (stage.inputs.beats, stage.outputs.beats)
    lines = [
        f"static bool test_u{index}() {{",
        f'  const Beats given = load("u{index}_in.txt"), expected = load("u{index}_out.txt");',
        f'  Verdict verdict("{unit.name}", given, expected, {beats[0]}, {beats[1]});',
    ]
    if unit.beatwise:
        lines += [
            "  for (size_t vector = 0; vector < verdict.vectors(); vector++) {",
            f"    {x} x;",
            f"    {y} y;",
            "    take(given[vector], x);",
            f"    ::{unit.name}(x, y);",
            "    verdict.compare(text_of(y));",
            "  }",
        ]
    else:
        call = f"::{unit.name}<1>" if unit.by_position else f"::{unit.name}"
        lines += [
            f'  hls::stream<{x}> in("{unit.name}.in");',
            f'  hls::stream<{y}> out("{unit.name}.out");',
            "  for (size_t vector = 0; vector < verdict.vectors(); vector++) {",
            f"    for (size_t beat = 0; beat < {beats[0]}; beat++) {{",
            f"      {x} x;",
            f"      take(given[vector * {beats[0]} + beat], x);",
            "      in.write(x);",
            "    }",
            f"    {call}(in, out);",
            "    while (!out.empty()) verdict.compare(text_of(out.read()));",
            "  }",
            "  while (!in.empty()) {",
            "    in.read();",
            "    verdict.left(1);",
            "  }",
        ]
    return "\n".join([*lines, "  return verdict.passed();", "}"])
