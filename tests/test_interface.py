"""The Python interface: the steps of the command line as objects that print well."""

import subprocess
import sys

import numpy as np
import pytest

import hwgen
from hwgen.errors import ModelError
from hwgen.frontend.matrix import load_matrix
from hwgen.ir import Dequantization, Graph
from hwgen.numeric import IntType
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    path = tmp_path_factory.mktemp("interface") / "matrix.npy"
    np.save(path, np.array([[1, -2, 0], [3, 0, 1]]))
    return path


def test_from_a_file_to_a_report(matrix, tmp_path):
    net = hwgen.load(matrix, "u4")
    assert repr(net) == "Network('matrix': 3 u4, 1 nodes, gives sums)"
    x = np.array([[1, 2, 3], [4, 5, 6]])
    assert net.run(x).tolist() == [[-3, 6], [-6, 18]]
    design = hwgen.build(net, tmp_path / "out", hwgen.BuildOptions(style="unrolled"))
    assert repr(design).startswith("Design(")
    assert "unrolled; latency" in repr(design)
    assert design.interval_cycles == 1
    assert design.run(x).tolist() == net.run(x).tolist()
    assert "module matrix" in design.verilog
    simulated = design.simulate("icarus")
    assert simulated.passed
    assert str(simulated).splitlines()[-1].startswith("passed in icarus: ")
    assert str(design.prove()).startswith("PROVED: matrix equals")
    counted = design.synthesise("ice40")
    assert str(counted).startswith(f"matrix on ice40: {counted.luts} LUTs, ")
    report = design.report()
    assert report.holds
    assert "simulation passed" in str(report)
    again = hwgen.open_design(tmp_path / "out")
    assert again.plan == design.plan
    assert again.run(x).tolist() == net.run(x).tolist()


def test_the_c_plus_plus_of_a_design(matrix, tmp_path):
    design = hwgen.build(hwgen.load(matrix, "u4"), tmp_path / "out", hls=True)
    x = np.random.default_rng(0).integers(0, 16, (1000, 3))
    assert np.array_equal(design.compile().run(x), design.run(x))
    assert design.simulate("cpp").passed
    assert str(design.prove_cpp()).startswith("PROVED: hls/matrix.cpp")


def test_options_of_other_files_are_refused(matrix):
    with pytest.raises(ModelError) as caught:
        hwgen.load(matrix, "u4", input_scale="1/255")
    assert str(caught.value) == f"{matrix}: --input-scale is for .onnx files; leave it out"


def test_a_graph_is_taken_too(tmp_path):
    graph = network(0, widths=(4, 3), argmax=False)
    assert hwgen.build(graph, tmp_path / "out").plan.name == graph.name


def test_a_network_shows_its_layers(matrix):
    net = hwgen.load(matrix, IntType.parse("u4"))
    assert "bits of an accumulator by the types" in str(net)
    shown = net._repr_mimebundle_()
    assert "bits of an accumulator by the types" in shown["text/html"]
    assert shown["text/html"].startswith("<pre>")
    assert shown["text/plain"].strip() == str(net).strip()


def test_outputs_as_real_values():
    graph = network(0, widths=(4, 3), argmax=False)
    fields = {name: getattr(graph, name) for name in ("name", "input", "nodes", "output")}
    real = Dequantization(scale=(0.5, 2.0, 1.0), offset=(0.0, 1.0, -1.0))
    net = hwgen.Network(Graph(**fields, dequantization=real))
    assert net.values(np.array([[2, 3, 4]])).tolist() == [[1.0, 7.0, 3.0]]
    with pytest.raises(ModelError) as caught:
        net.values(np.ones((2, 5), int))
    assert str(caught.value) == (f"{graph.name}: outputs must have shape (samples, 3,), not (2, 5)")
    with pytest.raises(ModelError) as caught:
        hwgen.Network(graph).values(np.array([[2, 3, 4]]))
    assert str(caught.value) == (
        f"{graph.name}: outputs must stand for real values, and are {graph.result}; use them as "
        "they are"
    )


def test_mistakes_are_one_sentence(matrix, tmp_path):
    with pytest.raises(hwgen.HwgenError, match=r"^inputs: "):
        hwgen.load(matrix, "w4")
    with pytest.raises(ModelError) as caught:
        hwgen.open_design(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: must be a design folder with design.json; write one with `hwgen build`"
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"accumulator_target": "12"}, "accumulator_target: must be int or None, not '12'"),
        ({"label": "no"}, "label: must be bool, not 'no'"),
        (
            {"input_scale": [1]},
            "input_scale: must be Fraction or int or float or str or None, not [1]",
        ),
        (
            {"input_scale": float("nan")},
            "input_scale: must be a positive number such as '1/255', not nan",
        ),
    ],
)
def test_options_of_other_types_are_refused(matrix, options, problem):
    with pytest.raises(ModelError) as caught:
        hwgen.load(matrix, "u4", **options)
    assert str(caught.value) == problem


def test_arguments_of_other_types_are_refused(matrix, tmp_path):
    net = hwgen.load(matrix, "u4")
    design = hwgen.build(net, tmp_path / "out")
    for call, problem in (
        (lambda: design.simulate("x"), "simulator: must be one of verilator, icarus, cpp, not 'x'"),
        (lambda: design.simulate(samples="5"), "samples: must be a whole number, not '5'"),
        (lambda: net.run(None), "matrix: input: must be integers, not object"),
    ):
        with pytest.raises(ModelError) as caught:
            call()
        assert str(caught.value) == problem
    assert net.run([[1, 2, 3]]).tolist() == [[-3, 6]]
    with pytest.raises(hwgen.HwgenError, match="must have no sign of number 0"):
        hwgen.build(net, "a\0b")


def test_a_matrix_of_the_frontend_and_of_the_interface_are_one(matrix):
    kind = IntType.parse("u4")
    net = hwgen.load(matrix, kind)
    assert net.graph.tensors == load_matrix(matrix, kind).tensors


def test_importing_takes_nothing_with_it():
    heavy = "{'numpy', 'rich', 'torch', 'numba'}"
    code = (
        f"import sys, hwgen; print(*sorted({heavy} & set(sys.modules))); "
        "print(*hwgen.__all__); assert set(hwgen.__all__) <= set(dir(hwgen)); hwgen.load"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded, names = done.stdout.split("\n")[:2]
    assert loaded == ""
    assert names.split() == hwgen.__all__
    with pytest.raises(AttributeError, match="module 'hwgen' has no attribute 'nothing'"):
        _ = hwgen.nothing
