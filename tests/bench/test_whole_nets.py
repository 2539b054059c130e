"""The planner's counts and the ratios of `bench/whole_nets/dense.py`."""

import numpy as np

from bench.whole_nets.dense import ratios, wanted
from bench.whole_nets.parts.cases import cases
from bench.whole_nets.parts.planned import columns_of, count_plan, sliced
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from tests.tiny_nets import network


def test_wide_sums_take_32_luts_but_for_wires():
    graph = matrix_graph("m", np.array([[1, 4], [3, 1]]), IntType(bits=4, signed=False))
    plan = plan_design(graph, BuildOptions(style="unrolled", pipeline="none"))
    count = count_plan(plan, graph)
    adders = plan.stages[0].graph.adders
    wide = sum(32 - adder.wires for adder in adders)
    adjusting = sum(output.adjusts for output in plan.stages[0].graph.outputs)
    assert count.adders == len(adders)
    assert wide + 32 * adjusting <= count.luts_32 < wide + 32 * adjusting + 64
    assert count.luts < count.luts_32


def test_slices_count_about_what_the_whole_layer_does():
    graph = network(3, widths=(24, 16, 4), inputs="u4")
    layer = layers_of(graph)[0]
    whole = sliced(layer, layer.rows * layer.columns, lambda *_: None)
    cut = sliced(layer, layer.rows * 8, lambda *_: None)
    assert (whole.slices, cut.slices) == (1, 3)
    assert whole.luts <= cut.luts < 2 * whole.luts
    assert cut.luts < cut.luts_32


def test_columns_keep_their_part_of_the_sums():
    layer = layers_of(network(4, widths=(12, 5, 3), inputs="u4"))[0]
    parts = [columns_of(layer, range(k, k + 4)) for k in (0, 4, 8)]
    for row, total in enumerate(layer.totals):
        assert sum(part.totals[row].span for part in parts) == total.span


def test_ratios_stand_only_where_both_were_measured():
    ours = {"case": "unrolled, digits", "kind": "unrolled", "model": "digits", "luts": 10}
    ours["planned_luts"] = 20
    base = {"case": "unrolled, digits qat", "kind": "unrolled", "model": "digits qat"}
    base |= {"planned_luts": 50, "planned_luts_32": 200}
    found = ratios([ours, base])
    assert [(row["ours"], row["baseline"], row["ratio"]) for row in found] == [
        (20, 200, 10.0),
        (20, 50, 2.5),
    ]


def test_every_case_has_its_own_name_and_a_net_is_chosen_by_name():
    every = cases()
    assert len({case.case for case in every}) == len(every)
    chosen = wanted("folded", ["nsl_kdd"])
    assert len(chosen) == 12
    assert all(case.model.startswith("nsl_kdd") for case in chosen)


def test_a_product_behind_32_bit_sums_is_built_without_looking_at_every_sum(tmp_path):
    graph = network(5, widths=(6, 4, 3), inputs="u4")
    options = BuildOptions(style="unrolled", accumulator="32", requantization="multiply")
    build(graph, options, tmp_path / "wide")
    assert (tmp_path / "wide" / "design.json").is_file()
