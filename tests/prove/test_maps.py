"""Designs on feature maps are proved, and those with one mistake are refused with its place."""

import dataclasses
import json
import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.ir import Graph, Input, Threshold
from hwgen.numeric import IntType, Range
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import RunningPool, WindowBuffer, WindowMax
from hwgen.plan.stages.window_steps import ColumnMask, WindowSteps
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.run import prove, prove_netlist
from tests.tiny_maps import MapNet, random_map_net
from tests.tiny_nets import conv2d, dense

TARGETS = ("xc7", "ecp5", "ice40")


def built(graph, target="ecp5"):
    """Build a design in a folder of its own."""
    folder = Path(mkdtemp(prefix="prove-")) / "design"
    return folder, build(graph, BuildOptions(style="unrolled", target=target, effort="low"), folder)


def check(graph, target="ecp5"):
    folder, _ = built(graph, target)
    certificate = prove(folder)
    assert certificate.problem is None
    shutil.rmtree(folder.parent)
    return certificate


@pytest.mark.parametrize("seed", range(3))
def test_random_chains_are_proved(seed):
    check(random_map_net(seed), TARGETS[seed % 3])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 200))
def test_many_random_chains_are_proved(seed):
    check(random_map_net(seed), TARGETS[seed % 3])


@cache
def sample():
    """A net of every kind of unit, that tests copy and do not change."""
    net = MapNet(3, (2, 5, 4), "u2").conv(2, (3, 3), stride=(2, 1), padding=(1, 1)).act("u2")
    net.pool("max", (2, 2), (1, 1)).pool("sum", (1, 3)).act("u2")
    return built(net.flatten().dense(3).argmax().graph())


def test_the_certificate_says_what_was_visited():
    certificate = prove(sample()[0])
    document = json.loads((sample()[0] / "proof.json").read_text())
    assert document["proved"]
    assert any("window unit" in text for text in document["proves"])
    units = {unit["op"]: unit for unit in document["map_units"]}
    assert set(units) == {
        *("window", "matrix", "threshold", "largest", "sum pool", "flatten", "argmax"),
        *({"queue"} & set(units)),
    }
    window = document["map_units"][0]
    assert window["positions"] == 12
    assert window["classes"] == 9
    assert window["states"] > 40
    assert window["queue_states"] > 6
    assert "whenever beats come and go" in certificate.verdict()


@cache
def sample_netlist():
    return read_netlist(sample()[0], read_folder(sample()[0]))


def border_net(low):
    """Codes of `low` and more, in front of a padded convolution that is worst at the border."""
    steps = np.array([[0] * low + list(range(1, 8 - low))])
    act = Threshold(name="t", inputs=("input",), thresholds=steps, output=IntType.parse("u3"))
    weight = [[[[0, -1, 0], [0, 2, 0], [0, -1, 0]]]]
    node = conv2d("c", "t", weight, Range(0, 7), padding=(1, 1))
    last = Threshold(
        name="u", inputs=("c",), thresholds=np.array([[-6, 8, 11]]), output=IntType.parse("u2")
    )
    source = Input(shape=(1, 4, 3), type=IntType.parse("u4"))
    return Graph(name="border", input=source, nodes=(act, node, last), output="u")


@pytest.mark.parametrize(("low", "cases"), [(0, 1), (3, 3)])
def test_each_set_of_taps_inside_is_shown_where_no_other_covers_it(low, cases):
    """From [3, 7] a border gives 11, and the inside 8 at most; only rows matter here."""
    units = check(border_net(low)).maps
    matrix = next(unit for unit in units if unit.classes == 9 and unit.op == "matrix")
    assert matrix.cases == cases
    assert matrix.ranges == (Range(-14 if not low else -8, 14 if not low else 11),)


@pytest.mark.parametrize("padding", [0, 1])
def test_a_constant_channel_is_a_bias_or_a_border(padding):
    steps = np.array([[-1, -1, 99], [1, 2, 3]])  # channel 0 is always 2
    act = Threshold(name="t", inputs=("input",), thresholds=steps, output=IntType.parse("u2"))
    node = conv2d("c", "t", np.ones((1, 2, 3, 1)), Range(0, 3), padding=(padding, 0))
    source = Input(shape=(2, 4, 3), type=IntType.parse("u3"))
    check(Graph(name="net", input=source, nodes=(act, node), output="c"))


def swapped_taps(stage):
    """Two lanes that show each other's channel."""
    index = next(k for k, tap in enumerate(stage.taps) if (tap.u, tap.v) == (1, 1))
    first, second, taps = stage.taps[index], stage.taps[index + 1], list(stage.taps)
    taps[index], taps[index + 1] = second, first
    return dataclasses.replace(stage, taps=tuple(taps))


def shifted_window(stage):
    """Windows one column further, as many as before."""
    origin = (stage.origin[0], stage.origin[1] + 1)
    return dataclasses.replace(stage, origin=origin, queue=stage.queue + 20)


def other_stride(stage):
    return dataclasses.replace(stage, stride=stage.stride[::-1], queue=stage.queue + 20)


def dropped_source(stage):
    return dataclasses.replace(stage, sources=(stage.sources[0][1:], *stage.sources[1:]))


def narrower_pool(stage):
    return dataclasses.replace(stage, kernel=(1, stage.kernel[1] - 1))


STAGES = {
    "channels swapped": (WindowBuffer, swapped_taps),
    "windows shifted": (WindowBuffer, shifted_window),
    "stride transposed": (WindowBuffer, other_stride),
    "a tap less": (WindowMax, dropped_source),
    "a pixel less": (RunningPool, narrower_pool),
}


@pytest.mark.parametrize(("kind", "mutate"), STAGES.values(), ids=STAGES)
def test_a_mutated_stage_is_refused(tmp_path, kind, mutate):
    folder, plan = sample()
    index = next(k for k, stage in enumerate(plan.stages) if isinstance(stage, kind))
    stages = (*plan.stages[:index], mutate(plan.stages[index]), *plan.stages[index + 1 :])
    refuse(tmp_path, folder, verilog_of(dataclasses.replace(plan, stages=stages)))


def refuse(tmp_path, folder, text, place=""):
    folder = shutil.copytree(folder, tmp_path / "design")
    assert text != (folder / "maps.v").read_text()
    (folder / "maps.v").write_text(text)
    problem = prove(folder).problem
    assert problem is not None
    assert place in problem


def turned(table):
    return (*table[1:], table[0])


STEPS = {
    "row mask": ("row_mask", lambda old: lambda self, u: turned(old(self, u))),
    "column mask": (
        "column_mask",
        lambda old: lambda self, v: ColumnMask(turned(old(self, v).table), old(self, v).apart),
    ),
    "phase of rows": (
        "own_rows",
        lambda old: lambda self, pending: turned(old(self, pending)),
    ),
}


@pytest.mark.parametrize(("name", "change"), STEPS.values(), ids=STEPS)
def test_a_table_of_steps_that_is_off_by_one_is_refused(tmp_path, monkeypatch, name, change):
    folder, plan = sample()
    monkeypatch.setattr(WindowSteps, name, change(getattr(WindowSteps, name)))
    refuse(tmp_path, folder, verilog_of(plan), "window")


def test_a_tail_that_starts_a_pixel_too_early_is_refused(tmp_path, monkeypatch):
    """It would wait, in the middle, for a frame that may never come."""
    folder, plan = sample()
    own = WindowSteps.tail_pixels.func
    monkeypatch.setattr(WindowSteps, "tail_pixels", property(lambda self: own(self) - 1))
    refuse(tmp_path, folder, verilog_of(plan), "must go on while beats come and go")


def test_a_memory_of_another_depth_is_refused(tmp_path):
    folder, _ = sample()
    text = (folder / "maps.v").read_text()
    found = re.search(r"rows \[(\d+):0\];", text)
    if found is None:
        pytest.fail("rows must lie in a memory")
    place = found[1]
    text = text.replace(f"rows [{place}:0];", f"rows [{int(place) - 1}:0];", 1)
    refuse(tmp_path, folder, text.replace(f"    rows[{place}] = ", "    // ", 1), "window")


def test_an_enable_that_depends_on_a_pixel_is_refused(tmp_path):
    folder, _ = sample()
    text = (folder / "maps.v").read_text()
    mutant = text.replace("if (step)\n      rows[", "if (step & i__payload[0])\n      rows[", 1)
    refuse(tmp_path, folder, mutant, "payload")


NODES = {
    "another bias": (0, "bias", lambda bias: bias + np.array([1, 0])),
    "channels swapped": (0, "weight", lambda weight: weight[:, ::-1]),
    "a kernel upside down": (0, "weight", lambda weight: weight[:, :, ::-1]),
    "another channel's thresholds": (1, "thresholds", lambda thresholds: thresholds[::-1]),
}


@pytest.mark.parametrize(("place", "name", "change"), NODES.values(), ids=NODES)
def test_another_network_is_refused(place, name, change):
    design = read_folder(sample()[0])
    graph, nodes = design.graph, list(design.graph.nodes)
    nodes[place] = dataclasses.replace(nodes[place], **{name: change(getattr(nodes[place], name))})
    graph = Graph(name="maps", input=graph.input, nodes=tuple(nodes), output=graph.output)
    design = dataclasses.replace(design, graph=graph)
    netlist, _ = sample_netlist()
    assert prove_netlist(design, netlist, "", lambda _: None).problem is not None


def test_an_unrolled_unit_that_is_named_a_folded_one_is_not_proved():
    design, (netlist, _) = read_folder(sample()[0]), sample_netlist()
    kinds = tuple("FoldedDense" if kind == "UnrolledDense" else kind for kind in design.kinds)
    design = dataclasses.replace(design, kinds=kinds)
    assert prove_netlist(design, netlist, "", lambda _: None).problem is not None


def test_a_threshold_in_front_of_a_vector_is_proved():
    steps = np.array([[1, 3, 5]] * 4)
    act = Threshold(name="t", inputs=("input",), thresholds=steps, output=IntType.parse("u2"))
    node = dense("d", "t", np.array([[1, -1, 2, 0], [0, 1, 1, 1]]), Range(0, 3))
    source = Input(shape=(4,), type=IntType.parse("u3"))
    check(Graph(name="net", input=source, nodes=(act, node), output="d"))
