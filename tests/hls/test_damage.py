"""C++ with one place damaged: none of it is proved. Code that is whole is, beside it."""

import re
import shutil
from importlib import resources

import pytest

from hwgen.design_json import design_json
from hwgen.digests import digest
from hwgen.prove.cpp.proof import prove_cpp
from tests.hls.designs import planned, written
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network

NET, MAP = network(1, widths=(6, 5, 3)), small_cnn(2)
PLANS = {
    "unrolled": (NET, planned(NET, style="unrolled")),
    "folded": (NET, planned(NET, style="folded", pe=2)),
    "map": (MAP, planned(MAP, style="folded")),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for style, (net, plan) in PLANS.items():
        (folder / style).mkdir()
        written(net, plan, folder / style / "hls")
    return folder


def proof(folder, style):
    net, plan = PLANS[style]
    return prove_cpp(folder, net, design_json(plan, net) | {"hls": {"top": plan.name}})


@pytest.mark.parametrize("style", PLANS)
def test_the_whole_code_is_proved(whole, style):
    found = proof(whole / style, style)
    assert found.proved, found.problem


CPP, HEADER, TYPES, MAPS = "tiny.cpp", "tiny.h", "hwgen_types.h", "maps.cpp"
DAMAGE = {  # style, file, what is found first, and what stands in its place
    "a difference": ("unrolled", CPP, r"(n7 = .*?) \+ ", r"\1 - "),
    "a product": ("unrolled", CPP, r"(n6 = .*?) \+ ", r"\1 * "),
    "an operand less": ("unrolled", CPP, r"(n9 = .*) \+ .*;  //", r"\1;  //"),
    "an operand twice": ("unrolled", CPP, r"(n12 = (ap_uint<7>\(n5\)))", r"\1 + \2"),
    "a strict threshold": ("unrolled", CPP, r">= (ap_uint<9>)", r"> \1"),
    "arms exchanged": (
        "unrolled",
        CPP,
        r"(c0 = hwgen_select\(.*?\)), (.*), c0\)",
        r"\1, c0, \2)",
    ),
    "a choice less": ("unrolled", CPP, r"  c1 = hwgen_select.*\n", ""),
    "choices in another order": ("unrolled", CPP, r"(  c2 = .*\n)(  c2 = .*\n)", r"\2\1"),
    "a lane of another sum": ("unrolled", CPP, r"y\.e1 = n9", "y.e1 = n8"),
    "a lane that is not set": ("unrolled", CPP, r"  y\.e\[3\] = c3;\n", ""),
    "a start that is not set": ("unrolled", CPP, r"(ap_uint<4> c1) = ap_uint<4>\(0\)", r"\1"),
    "a narrower code": ("unrolled", CPP, r"ap_uint<4> e\[5\]", "ap_uint<3> e[5]"),
    "a signed lane": ("unrolled", CPP, r"ap_uint<8> e1", "ap_int<8> e1"),
    "the last of equal sums": ("unrolled", CPP, r"(t1 = x\.e\[2\]) >", r"\1 >="),
    "a place in the output": ("unrolled", CPP, r"hwgen_put<0, 2>", "hwgen_put<1, 2>"),
    "a narrower field": ("unrolled", CPP, r"hwgen_field<4, 4>", "hwgen_field<4, 3>"),
    "a wider input": ("unrolled", HEADER, r"in_beats = 1", "in_beats = 2"),
    "a macro": ("unrolled", CPP, r"(static void dense0)", r"#define n1 n2\n\1"),
    "code that only a vendor sees": (
        "unrolled",
        CPP,
        r"  y\.e1 = n9;\n",
        "  y.e1 = n9;\n#ifndef HWGEN_PLAIN\n  y.e1 = n11;\n#endif\n",
    ),
    "code for Bambu": (
        "unrolled",
        CPP,
        r"#ifdef HWGEN_BAMBU\n",
        "#ifdef HWGEN_BAMBU\n#define n1 n2\n",
    ),
    "a word as a value": ("unrolled", CPP, r"hwgen_field<0, 4>\(word\)", "ap_uint<4>(word)"),
    "a size": ("unrolled", CPP, r"n1 = x\.e\[1\]", "n1 = x.e[sizeof(x.e[1]) == 4 ? 1 : 2]"),
    "a compiler": ("unrolled", CPP, r"n1 = x\.e\[1\]", "n1 = x.e[__OPTIMIZE__ ? 2 : 1]"),
    "a guard of another header": (
        "unrolled",
        CPP,
        r"  y\.e1 = n9;\n",
        "  y.e1 = n11;\n#ifndef HWGEN_PLAIN_AP_INT_H\n  y.e1 = n9;\n#endif\n",
    ),
    "a comment before a directive": (
        "unrolled",
        CPP,
        r"  y\.e1 = n9;\n",
        "  y.e1 = n9;\n  /* */ #ifdef HWGEN_PLAIN\n  y.e1 = n11;\n  /* */ #endif\n",
    ),
    "a function of two kinds": (
        "unrolled",
        CPP,
        r"(static void dense0(.|\n)*?)  y\.e1 = n9;\n",
        "static void pick(int &k, bool b) {\n  k = 1;\n}\n"
        "static void pick(int &k, hwgen_bit b) {\n  k = 0;\n}\n"
        "\\1  int k = 0;\n  pick(k, n9 > n11);\n  y.e1 = n9;\n  if (k) y.e1 = n11;\n",
    ),
    "a function of any": (
        "unrolled",
        CPP,
        r"(static void dense0)",
        r"static void pick(int &k, ...) {\n}\n\1",
    ),
    "a library's function anew": (
        "unrolled",
        CPP,
        r"(static void dense0)",
        r"static void hwgen_look(int &k) {\n}\n\1",
    ),
    "chance": ("unrolled", CPP, r"y\.e1 = n9;", "y.e1 = rand() == 1804289383 ? n9 : n11;"),
    "the environment": ("unrolled", CPP, r"y\.e1 = n9;", 'y.e1 = getenv("MAKE") ? n11 : n9;'),
    "a number that is not set, before one that is": (
        "unrolled",
        CPP,
        r"y\.e1 = n9;",
        "int k; int z = 0; if (k == 12345) y.e1 = n11; else y.e1 = n9;",
    ),
    "a number that is not set, on two lines": (
        "unrolled",
        CPP,
        r"  y\.e1 = n9;\n",
        "  int k\n  ;\n  y.e1 = n9;\n  if (k == 12345) y.e1 = n11;\n",
    ),
    "a number that is not set, in a loop": (
        "unrolled",
        CPP,
        r"  y\.e1 = n9;\n",
        "  y.e1 = n9;\n  for (int i = 0, k; i < 1; i++) {\n    if (k == 12345) y.e1 = n11;\n  }\n",
    ),
    "a number of another type": ("unrolled", CPP, r"y\.e1 = n9;", "float k;\n  y.e1 = n9;"),
    "a string that hides the rest": (
        "unrolled",
        CPP,
        r"y\.e1 = n9;",
        'const char *u = "//"; y.e1 = sizeof(n9) == 4 ? n9 : n11;',
    ),
    "what waits in a stream": (
        "unrolled",
        CPP,
        r"(  const \w+ word0? = s_axis\.read)",
        r"  if (s_axis.empty()) return;\n\1",
    ),
    "a member of the trace": ("unrolled", CPP, r"y\.e1 = n9;", "y.e1.node = n9.node;"),
    "a variable of no declaration": ("unrolled", CPP, r"y\.e1 = n9;", "y.e1 = errno ? n11 : n9;"),
    "the choice itself": ("unrolled", TYPES, r"bit \? a : b", "bit ? b : a"),
    "a step more": ("folded", CPP, r"step < 6", "step < 7"),
    "a step less": ("folded", CPP, r"step < 6", "step < 5"),
    "a counter that is not set": ("folded", CPP, r"int row = 0", "int row"),
    "a counter beside one that is": ("folded", CPP, r"int row = 0", "int other = 0, row"),
    "a counter from 1": ("folded", CPP, r"int row = 0", "int row = 1"),
    "a row that goes on": ("folded", CPP, r"a0 = ends \? .* : t0", "a0 = t0"),
    "a place outside": ("folded", CPP, r"x0\[beat\]\[2\] =", "x0[beat][3] ="),
    "a copy less": ("folded", CPP, r"    x1\[beat\]\[1\] = .*\n", ""),
    "a group that stays": ("folded", CPP, r"    group = .*\n", ""),
    "a narrower key": ("folded", CPP, r"(k0 = .*?) << 2", r"\1 << 1"),
    "a beat that is dropped": ("folded", CPP, r"(const tiny_in x =)", r"in.read(); \1"),
    "a turn less": ("map", MAPS, r"turn < 350", "turn < 349"),
    "a slot less": ("map", MAPS, r"into == 3", "into == 2"),
    "a row that comes too early": (
        "map",
        MAPS,
        r"top \+ 4 < 6 \? top \+ 4",
        "top + 4 < 6 ? top + 5",
    ),
    "a row that comes too late": (
        "map",
        MAPS,
        r"top \+ 4 < 6 \? top \+ 4",
        "top + 4 < 6 ? top + 3",
    ),
    "a row's slot": ("map", MAPS, r"at0_0 - 4", "at0_0 - 3"),
    "a window less": ("map", MAPS, r"inside && left < 4", "inside && left < 3"),
    "padding of another row": ("map", MAPS, r"y0_0 >= 0", "y0_0 >= 1"),
    "a window's start": ("map", MAPS, r"(a0_0_0 = ends \? ap_uint<8>)\(63\)", r"\1(62)"),
    "sums of the wrong sets": (
        "folded",
        CPP,
        r"dense0_set1\(x1, rows1\)",
        "dense0_set0(x1, rows0)",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_not_proved(whole, tmp_path, damage):
    style, file, found, other = DAMAGE[damage]
    shutil.copytree(whole / style, tmp_path / "d")
    path = tmp_path / "d" / "hls" / file
    text, count = re.subn(found, other, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)
    verdict = proof(tmp_path / "d", style)
    assert not verdict.proved
    assert verdict.problem


def test_the_types_that_the_trace_stands_for_are_those_that_are_written():
    own = resources.files("hwgen.prove.cpp") / "types.sha256"
    static = resources.files("hwgen.hls") / "static" / "hwgen_types.h"
    with resources.as_file(static) as path:
        assert digest(path) == own.read_text("ascii").strip()
