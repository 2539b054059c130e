"""The designs of `bench/whole_nets/convolutional.py` and their tables."""

from dataclasses import replace

from bench.whole_nets.parts.cnns import cases
from bench.whole_nets.parts.cnns_markdown import markdown
from bench.whole_nets.parts.finn import finn_luts
from bench.whole_nets.parts.rows import facts
from tests.tiny_maps import small_cnn

SCORES = {"seed": 0, "accuracy_float": 80.0, "accuracy_integer": 79.0}


def test_every_design_has_a_row_and_a_folder_of_its_own():
    every = cases()
    assert len({(case.case, case.target) for case in every}) == len(every)
    assert all(str(case.options()[3]) in case.case for case in every)
    folded = next(case for case in every if case.baseline and case.fps == 1_000)
    assert folded.case == "cifar10_cnn qat, folded for 1,000"
    assert " ".join(folded.options()) == (
        "--target xc7 --style folded --fps 1000 --clock-mhz 100 --accumulator 32 --no-skip"
    )


def test_poolings_are_no_weights_and_have_no_accumulators():
    graph = replace(small_cnn(size=(6, 8)), metadata=SCORES)
    found = facts("net", graph)
    weighted = [node for node in graph.nodes if hasattr(node, "weight")]
    assert 0 < found["nonzero"] <= sum(int((node.weight != 0).sum()) for node in weighted)
    assert len(found["accumulator_bits"]) == len(weighted)


def test_the_formulas_of_finn_have_the_cycles_asked_for():
    graph = small_cnn(size=(6, 8))
    many, few = finn_luts(graph, 100_000), finn_luts(graph, 100)
    assert many is not None
    assert few is not None
    assert many < few
    assert finn_luts(graph, 10_000_000) == many  # one multiplier a layer is the least
    assert finn_luts(graph, 1) is None  # a position a cycle is the most


def test_designs_of_two_targets_share_a_line():
    common = {"measure": "design", "case": "net, folded for 5", "accuracy": 79.0, "fps": 5}
    common |= {"multipliers": [1, 4], "interval_cycles": 1_000, "latency_cycles": 2_000}
    xc7 = common | {"target": "xc7", "luts": 90, "planned_luts": 100, "brams": 2}
    ecp5 = common | {"target": "ecp5", "planned_luts": 1_100, "planned_brams": 3}
    ecp5["latency_cycles"] = 1_500
    line = markdown([ecp5, xc7]).splitlines()[-1]
    cycles = "1,000, 2,000 / 1,000, 1,500"  # xc7 first
    assert line == (
        f"| net, folded for 5 | 79.0 | 1 4 | {cycles} | 90 (100) | 2 | (1,100) | (3) | - | - |"
    )
