"""plan.json edited by hand: what is right is built, what is wrong is refused with its place."""

import copy
import json
from dataclasses import replace
from itertools import pairwise

import pytest

from hwgen.emit import verilog_of
from hwgen.errors import PlanError
from hwgen.flow import build
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file, read_plan
from hwgen.plan.planner import plan_chosen, plan_design
from tests.tiny_graphs import residual
from tests.tiny_nets import network, wide_network

NET = network(1)
OPTIONS = {
    "unrolled": BuildOptions(style="unrolled"),
    "unrolled ecp5": BuildOptions(style="unrolled", target="ecp5", pipeline="none"),
    "unrolled ice40 24": BuildOptions(style="unrolled", target="ice40", accumulator="24"),
    "folded": BuildOptions(style="folded"),
    "folded 3x2 signed": BuildOptions(style="folded", pe=3, simd=2, accumulator="signed"),
    "folded dense 24": BuildOptions(style="folded", pe=2, skip=False, accumulator="24"),
}


def folding(layer, pe, simd):
    return folded(layer, pe, simd, BuildOptions())


def mixed(net=NET):
    first, second, third = layers = layers_of(net)
    choices = (folding(first, 3, 1), unrolled(second, BuildOptions()), folding(third, 2, 2))
    return plan_chosen(net, layers, choices, BuildOptions())


def written(tmp_path, document):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return path


def edited(document, *path, to):
    """A copy of a document with one value changed."""
    copied = copy.deepcopy(document)
    place = copied
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != to
    place[path[-1]] = to
    return copied


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_given_back_is_the_same_plan(tmp_path, seed, options):
    net = network(seed, inputs=["u4", "s4", "u1"][seed % 3], argmax=seed % 2 == 0)
    plan = plan_design(net, options)
    path = written(tmp_path, plan_document(plan))
    assert read_plan(path) == plan_from_file(net, path) == plan


def test_a_mixed_plan_given_back_is_the_same_plan_and_verilog(tmp_path):
    plan = mixed()
    again = plan_from_file(NET, written(tmp_path, plan_document(plan)))
    assert again == plan
    assert verilog_of(again) == verilog_of(plan)


def test_edited_choices_are_planned_again(tmp_path):
    document = plan_document(plan_design(NET, BuildOptions(style="folded")))
    first, second, third = layers_of(NET)
    choices = [folding(first, 3, 1), unrolled(second, BuildOptions()), folding(third, 2, 2)]
    for index, choice in enumerate(choices):
        for key in ("style", "pe", "simd", "luts_per_bram"):
            document["choices"][index][key] = getattr(choice, key)
    assert plan_from_file(NET, written(tmp_path, document)) == mixed()


def memories(plan):
    kinds = ("memory", "vector_memory")
    return {
        (s.name, kind): getattr(s, kind) for s in plan.stages for kind in kinds if hasattr(s, kind)
    }


@pytest.mark.parametrize("style", ["unrolled", "folded"])
@pytest.mark.parametrize("price", [{"luts_per_bram": 0}, {"max_brams": 0}], ids=str)
def test_memories_keep_the_price_of_a_block_ram(tmp_path, style, price):
    """Those of windows, queues and what puts pixels in order, which are of no layer alone."""
    net = residual(size=(3, 80))
    plan = plan_design(net, BuildOptions(style=style, target="ecp5", effort="low", **price))
    assert ("block" in memories(plan).values()) == ("max_brams" not in price)
    document = plan_document(plan) | {"effort": "normal"}
    again = plan_from_file(net, written(tmp_path, document))
    assert memories(again) == memories(plan)
    assert again.choices == plan.choices


def test_target_and_pipeline_can_be_edited(tmp_path):
    document = plan_document(plan_design(NET, BuildOptions(style="unrolled")))
    document |= {"target": "ecp5", "pipeline": "none"}
    for choice in document["choices"]:
        choice["luts_per_bram"] = 400
    wanted = plan_design(NET, BuildOptions(style="unrolled", target="ecp5", pipeline="none"))
    assert plan_from_file(NET, written(tmp_path, document)) == wanted


def test_a_wider_register_is_taken(tmp_path):
    document = plan_document(plan_design(NET, BuildOptions(style="folded")))
    stage = document["stages"][0]
    for lane in stage["outputs"]["lanes"]:
        lane["bits"] = 20
    document["stages"][1]["inputs"] = stage["outputs"]
    stage["elements"][0]["accumulator"]["hi"] = (1 << 20) - 1
    plan = plan_from_file(NET, written(tmp_path, document))
    assert max(plan.layers[0].accumulator_bits) == 20


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("DENSE0", "must be another than that of plan.json.stages[0].name, not 'DENSE0' too"),
        ("a b", "must be letters, digits and underscores, a letter first, not 'a b'"),
        ("", "must be letters, digits and underscores, a letter first, not ''"),
        ("x; endmodule", "must be letters, digits and underscores, a letter first, not "),
        ("\u00e4", "must be letters, digits and underscores, a letter first, not "),
    ],
)
def test_names_of_stages_must_be_those_of_modules(tmp_path, name, problem):
    document = plan_document(mixed())
    place = next(k for k, stage in enumerate(document["stages"]) if "__" in stage["name"])
    document["stages"][place]["name"] = name
    with pytest.raises(PlanError) as told:
        plan_from_file(NET, written(tmp_path, document))
    assert str(told.value).startswith(f"plan.json.stages[{place}].name: {problem}")


NUMBERS = [  # of a folded plan; no such edit may end in anything but a sentence
    (("clock_mhz",), "100", 'clock_mhz: must be a number, not "100"'),
    (("choices", 0, "skip"), "true", 'choices[0].skip: must be true or false, not "true"'),
    (("choices", 0, "skip"), 1, "choices[0].skip: must be true or false, not 1"),
    (("choices", 0, "pe"), True, "choices[0].pe: must be a whole number, not true"),
    (("choices", 0, "accumulator"), "x", "choices[0].accumulator: must be offset, signed or a"),
    (("stages", "FoldedDense", "outputs", "order", 0), 1 << 99, "order[0]: must fit 62 bits"),
    (("stages", "FoldedDense", "outputs", "order"), [], "order must name what each lane carries"),
    (("stages", "FoldedDense", "outputs", "image", 0), 1 << 61, "image must be 1 to 67,108,864 "),
    (("stages", "FoldedDense", "elements", 0, "weights", 0), 1 << 63, "must fit 62 bits"),
    (("stages", "Reorder", "sources", 0), 10**7, "sources must lie in -1 to "),
    (("stages", "Fifo", "depth"), 10**9, "depth: must be at most 16,777,216, not 1,000,000,000"),
]
UNROLLED_NUMBERS = [
    (("stages", "UnrolledDense", "latency"), 1 << 61, "latency must lie in 0 to 10,000, not be "),
    (("stages", "UnrolledDense", "graph", "outputs", 0, "hi"), -99999, "lo must not exceed hi"),
    (("stages", "UnrolledDense", "graph", "adders", 0, "a", 1), 10**7, "shift must lie in 0 to "),
    (("stages", "WindowBuffer", "taps", 0, 2), 10**7, "taps must show input lanes 0 to "),
]
NUMBERS = [("folded", *n) for n in NUMBERS] + [("unrolled", *n) for n in UNROLLED_NUMBERS]


@pytest.mark.parametrize(("style", "place", "value", "problem"), NUMBERS)
def test_a_number_of_another_kind_or_size_is_refused(tmp_path, style, place, value, problem):
    net = residual()
    more = {"pe": 1, "pixels": 5} if style == "folded" else {}
    document = plan_document(plan_design(net, BuildOptions(style=style, effort="low", **more)))
    part = document
    for key in place[:-1]:
        if isinstance(part, list) and isinstance(key, str):
            part = next(stage for stage in part if stage["kind"] == key)
        else:
            part = part[key]
    part[place[-1]] = value
    with pytest.raises(PlanError) as told:
        plan_from_file(net, written(tmp_path, document))
    assert problem in str(told.value)
    assert str(told.value).startswith("plan.json.")


def test_a_whole_number_is_a_clock(tmp_path):
    document = plan_document(plan_design(NET, BuildOptions(style="unrolled", clock_mhz=50.0)))
    document["clock_mhz"] = 100
    plan = plan_from_file(NET, written(tmp_path, document))
    assert plan == plan_design(NET, BuildOptions(style="unrolled", clock_mhz=100.0))


FOLDED_EDITS = {
    "an accumulator too narrow": (
        ("stages", 0, "elements", 1, "accumulator", "hi"),
        3,
        r"plan.json.stages\[0\].elements\[1\].accumulator: must hold \[0, \d+\], which its weights "
        r"reach, not \[0, 3\]; widen it",
    ),
    "products too narrow": (
        ("stages", 0, "elements", 0, "products", "lo"),
        0,
        r"stages\[0\].elements\[0\].products: must hold \[-\d+, \d+\]",
    ),
    "rows that never end": (
        ("stages", 0, "pe_sets", 0, "ends"),
        [3],
        r"stages\[0\].turns: must hold set 0 once for each of the 1 ends of its rows, not \d times",
    ),
    "a missing row": (("stages", 0, "rows", 0), -1, r"stages\[0\].rows: must hold each of the 9"),
    "a set of no lanes": (
        ("stages", 0, "pe_sets", 0, "lanes"),
        0,
        r"stages\[0\].pe_sets\[0\]: must have a PE, a lane and a row, and feed some of the \d ",
    ),
    "a turn of no set": (
        ("stages", 0, "turns", 1),
        [7],
        r"stages\[0\].turns\[1\]: must name some of the \d sets, and such as feed unlike lanes",
    ),
    "an unknown key": (("stages", 0, "speed"), 3, "unknown: speed"),
    "another name": (("name",), "other", "plan.json.name: must be tiny, not 'other'"),
    "a changed result": (
        ("interval_cycles",),
        1,
        "plan.json.interval_cycles: follows from the stages and must stay as it was",
    ),
    "changed widths": (
        ("layers", 0, "accumulator_bits"),
        [1] * 9,
        "plan.json.layers: follows from the stages",
    ),
    "too many rows in parallel": (
        ("choices", 0, "pe"),
        10,
        r"plan.json.choices\[0\].pe: must be 1 to the 9 rows of dense0, not 10; choose another",
    ),
    "a style that is none": (
        ("choices", 1, "style"),
        "systolic",
        r"choices\[1\].style: must be one",
    ),
    "unrolled with a fold": (
        ("choices", 1, "style"),
        "unrolled",
        r"choices\[1\]: unrolled layer dense1 has all rows and columns in parallel and no zero "
        r"weights: pe must be 7, simd 9 and skip true, not 4, 1 and true; or set style to folded",
    ),
    "an accumulator that overflows": (
        ("choices", 0, "accumulator"),
        "4",
        "dense0: accumulator must have at least 10 bits to be certain never to overflow, not 4",
    ),
    "an accumulator that is none": (
        ("choices", 0, "accumulator"),
        "tight",
        "accumulator: must be offset, signed or a width",
    ),
    "another target": (("target",), "virtex", "plan.json.target: must be one of"),
    "no seal": (("seal",), 0, "plan.json.seal: must be as `hwgen build` wrote it"),
    "a threshold moved": (
        ("stages", 1, "tables", 0, 0),
        None,
        r"stages\[1\].tables\[0\]\[0\]: row \d of dense0 must have code",
    ),
    "a level without a memory": (
        ("stages", 1, "memories"),
        ["lut"],
        r"stages\[1\].memories: must name what holds each of \d levels, not of 1",
    ),
    "a missing weight": (
        ("stages", 0, "elements", 0, "weights", 0),
        0,
        r"stages\[0\].elements\[0\]: row \d of dense0 must have weight -?\d+ for column \d+, and "
        "the plan has 0; undo the edit",
    ),
}


@pytest.mark.parametrize(("path", "to", "sentence"), FOLDED_EDITS.values(), ids=FOLDED_EDITS)
def test_a_wrong_edit_is_refused(tmp_path, path, to, sentence):
    document = plan_document(plan_design(NET, BuildOptions(style="folded")))
    if to is None:
        entries = document["stages"][1]["tables"][0][0]
        turn = next(k for k, t in enumerate(entries) if entries.count(t) == 1 and t > 1)
        to = [*entries[:turn], entries[turn] - 1, *entries[turn + 1 :]]
    if path[-1] == "speed":
        document["stages"][0]["speed"] = 0
    with pytest.raises(PlanError, match=sentence):
        plan_from_file(NET, written(tmp_path, edited(document, *path, to=to)))


def unrolled_document():
    return plan_document(plan_design(NET, BuildOptions(style="unrolled")))


@pytest.mark.parametrize(
    ("path", "change", "sentence"),
    [
        (("graph", "adders", 0, "hi"), lambda v: v // 2, r"adders\[0\]: must hold"),
        (("graph", "adders", 0, "subtract"), lambda v: not v, "must hold|must have weight"),
        (("graph", "adders", 3, "level"), lambda v: v + 1, r"adders\[3\].level: must be one more"),
        (("graph", "outputs", 0, "constant"), lambda v: v + 1, r"outputs\[0\].constant: must be"),
        (("graph", "inputs", 0, "hi"), lambda v: v - 1, r"inputs\[0\]: must hold \[0, 15\]"),
    ],
)
def test_a_wrong_adder_graph_is_refused(tmp_path, path, change, sentence):
    document = unrolled_document()
    value = document["stages"][0]
    for key in path:
        value = value[key]
    wrong = edited(document, "stages", 0, *path, to=change(value))
    with pytest.raises(PlanError, match=sentence):
        plan_from_file(NET, written(tmp_path, wrong))


def test_every_moved_threshold_is_found(tmp_path):
    """Of every channel of an unrolled layer, and in both directions."""
    document = unrolled_document()
    for channel, steps in enumerate(document["stages"][1]["channels"]):
        for change in (-1, 1):
            wrong = copy.deepcopy(document)
            moved = wrong["stages"][1]["channels"][channel]["thresholds"]
            # where a wrapped lane turns over, codes jump, and there can be values that no sum has
            jumps = [abs(after - before) for before, after in pairwise(steps["codes"])]
            if 1 not in jumps or moved[first := jumps.index(1)] + change in moved:
                continue
            moved[first] += change
            place = rf"stages\[1\].channels\[{channel}\]: "
            if moved[first] == 0 and steps["codes"][0] == 0:
                continue
            with pytest.raises(PlanError, match=place):
                plan_from_file(NET, written(tmp_path, wrong))


def test_both_parts_edited_are_refused(tmp_path):
    document = edited(unrolled_document(), "target", to="ecp5")
    document["stages"][0]["nonzero"] = 1
    with pytest.raises(PlanError, match="either choices or stages must be as"):
        plan_from_file(NET, written(tmp_path, document))


def test_the_plan_of_another_network_is_refused(tmp_path):
    path = written(tmp_path, unrolled_document())
    with pytest.raises(PlanError, match=r"row \d of dense0 must have weight"):
        plan_from_file(network(2), path)
    with pytest.raises(PlanError, match="choices: must name the network's layers dense0, dense1 "):
        plan_from_file(network(1, widths=(12, 9, 5)), path)


def test_a_converter_is_checked(tmp_path):
    document = plan_document(mixed())
    index = next(k for k, s in enumerate(document["stages"]) if s["kind"] == "Widener")
    slots = document["stages"][index]["slots"]
    wrong = edited(document, "stages", index, "slots", to=[slots[1], slots[0], *slots[2:]])
    with pytest.raises(PlanError, match=rf"stages\[{index}\].outputs.order\[0\]: must be 1"):
        plan_from_file(NET, written(tmp_path, wrong))


def test_a_plan_goes_without_other_options(tmp_path):
    path = written(tmp_path, unrolled_document())
    with pytest.raises(PlanError, match="a plan holds every choice; leave the other options out"):
        build(NET, replace(BuildOptions(), target="ecp5"), tmp_path / "d", path)


def test_a_kind_that_is_no_name_is_refused(tmp_path):
    document = plan_document(plan_design(NET, OPTIONS["folded"]))
    path = written(tmp_path, edited(document, "stages", 0, "kind", to=["Fifo"]))
    with pytest.raises(
        PlanError, match=r"^plan.json.stages\[0\]: kind must be one of .*, not \['F"
    ):
        read_plan(path)


RAMP_EDITS = {
    "a start": (
        ("ramps", "rows", 0, 0, "start"),
        lambda start: start + 64,
        r"ramps.rows\[0\]\[0\]: row \d of dense0 must have code \d+ for a sum of -?\d+, not \d+",
    ),
    "a step that falls": (
        ("ramps", "rows", 0, 0, "step"),
        lambda step: -step,
        r"ramps.rows\[0\]\[0\]: (must have ascending thresholds|row \d of dense0 must have code)",
    ),
    "a group too few": (
        ("ramps", "rows", 0),
        lambda rows: rows[:-1],
        "must have thresholds for every lane and beat of its input",
    ),
    "a group too many": (
        ("ramps", "rows", 0),
        lambda rows: [*rows, rows[0]],
        "must have thresholds for every lane and beat of its input, and no others",
    ),
    "a lane too many": (
        ("ramps", "rows"),
        lambda rows: [*rows, rows[0]],
        "must have thresholds for every lane and beat of its input, and no others",
    ),
    "no fraction": (
        ("ramps", "fraction"),
        lambda _: -1,
        r"stages\[1\].ramps: fraction must be 0 to 16, not -1",
    ),
    "no memory": (
        ("memories",),
        lambda _: [],
        r"stages\[1\].memories: must name what holds the \d+ ramps, not of 0",
    ),
    "tables too": (
        ("tables",),
        lambda _: [[[1, 2, 3]]],
        r"stages\[1\].ramps: must stand for the tables of two levels or more",
    ),
}


@pytest.mark.parametrize(("path", "change", "sentence"), RAMP_EDITS.values(), ids=RAMP_EDITS)
def test_a_wrong_edit_of_computed_thresholds_is_refused(tmp_path, path, change, sentence):
    net = wide_network(inputs="u4", codes="u4", weight_bits=4, widths=(3, 6, 2))
    options = BuildOptions(style="folded", requantization="multiply", pe=2)
    plan = plan_design(net, options)
    document = plan_document(plan)
    assert plan_from_file(net, written(tmp_path, document)) == plan
    value = document["stages"][1]
    for key in path:
        value = value[key]
    wrong = edited(document, "stages", 1, *path, to=change(value))
    with pytest.raises(PlanError, match=sentence):
        plan_from_file(net, written(tmp_path, wrong))
