"""`hwgen check`: float runs beside integer networks, and differences with and without a reason."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.float_check import check_file
from hwgen.float_check.differences import compared
from hwgen.frontend.model_options import ModelOptions
from hwgen.frontend.onnx.arithmetic import rounding
from hwgen.frontend.onnx.writing.lower import lowered
from hwgen.reference import run
from tests.frontend.onnx.files import Maker, entries, read

rng = np.random.default_rng(1)
SMALL = 30_000
FILES = [
    pytest.param(path, id=path.stem)
    for path, entry in entries("build")
    if path.stat().st_size < SMALL and "input_option" not in entry
]


def hwgen(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def net(tmp_path):
    m = Maker([1, 6])
    w = m.quant(rng.normal(size=(6, 4)), 0.3, 4)
    y = m.node("Relu", m.node("Add", m.node("MatMul", m.quant("x", 0.1, 4), w), [0.05] * 4))
    y = m.quant(y, 0.07, 4, signed=0)
    y = m.node("MatMul", y, m.quant(rng.normal(size=(4, 3)), 0.2, 4), output="y")
    return m.save(tmp_path / "net.onnx", y)


@pytest.mark.parametrize("path", FILES)
def test_shared_files_have_no_unexplained_difference(path):
    check = check_file(path, None, ModelOptions(), samples=8)
    assert check.passed
    assert check.outputs.same_label == 1
    assert check.outputs.identical > 0.97


@pytest.mark.parametrize("op", ["QLinearMatMul", "QLinearConv", "QGemm", "MatMulInteger"])
def test_large_products_of_bytes_are_exact_on_any_processor(tmp_path, op):
    """Two products of u8 by s8 pass 16 bits, at which x86 without VNNI cuts them."""
    m = Maker([1, 64, 2, 2] if op == "QLinearConv" else [1, 64])
    one, byte = m.constant(1.0), m.constant(0, np.uint8)
    x = m.node("QuantizeLinear", "x", m.constant(0.004), byte)
    codes = rng.choice([-128, 127], (64, 8)).astype(np.int8)
    if op == "QLinearConv":
        codes = codes.T[:, :, None, None]
    weights, signed = m.constant(codes, np.int8), m.constant(0, np.int8)
    result = m.constant(7000.0), m.constant(128, np.uint8)
    if op == "MatMulInteger":
        y = m.node(op, x, weights)
        y = m.node("Cast", y, to=1)
    else:
        rest = (m.constant(np.zeros(8), np.int32), *result) if op == "QGemm" else result
        domain = "com.microsoft" if op == "QGemm" else ""
        y = m.node(op, x, one, byte, weights, one, signed, *rest, domain=domain)
        y = m.node("DequantizeLinear", y, *result)
    path = m.save(tmp_path / "net.onnx", y)
    check = check_file(path, None, ModelOptions(), samples=20)
    assert check.outputs.identical == 1
    run_as = onnx.load_from_string(lowered(path, {})).graph.initializer
    raised = [t for t in run_as if t.data_type == onnx.TensorProto.UINT8 and len(t.dims) > 1]
    assert len(raised) == 1  # whatever this processor does


def test_the_command_tells_each_quantizer(net, tmp_path):
    x = rng.normal(size=(20, 6)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.zeros(20, np.int64))
    options = ("--data", tmp_path / "x.npy", "--labels", tmp_path / "y.npy", "--samples", 10)
    result = hwgen("check", net, *options)
    assert result.exit_code == 0
    assert "outputs: 100 % identical, 100 % the same label; accuracy " in result.output
    document = json.loads(hwgen("check", net, *options, "--json").output)
    assert document["samples"] == 10
    assert [row["elements"] for row in document["quantizers"]] == [60, 40]
    assert all(row["differing"] == 0 for row in document["quantizers"])


def test_a_batch_of_0_is_any_batch(tmp_path):
    m = Maker([0, 6])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(6, 4)), 0.25, 4))
    check = check_file(m.save(tmp_path / "net.onnx", y), None, ModelOptions(), samples=5)
    assert (check.passed, check.outputs.identical) == (True, 1)


@pytest.mark.parametrize(
    ("kind", "zero", "lo", "hi", "stream"),
    [
        (np.uint8, 0, 0, 15, "u4"),
        (np.uint8, 3, 2, 9, "u4"),
        (np.int8, 0, -8, 7, "s4"),
        (np.int8, -2, -3, 300, "s8"),
        (np.uint8, 0, 0, 255, "u8"),
    ],
)
def test_a_clip_of_the_first_codes_is_the_hosts(tmp_path, kind, zero, lo, hi, stream):
    """QCDQ writes a narrow input so; the stream carries no more bits than the codes have."""
    info = np.iinfo(kind)
    m = Maker([1, 6])
    step = m.constant(0.1), m.constant(zero, kind)
    y = m.node("QuantizeLinear", "x", *step)
    y = m.node("Clip", y, m.constant(max(lo, info.min), kind), m.constant(min(hi, info.max), kind))
    y = m.node("DequantizeLinear", y, *step)
    weights = m.quant(rng.normal(size=(6, 4)), 0.3, 4)
    path = m.save(tmp_path / "net.onnx", m.node("MatMul", y, weights, output="y"))
    found = read(path)
    assert (str(found.graph.input.type), len(found.graph.nodes)) == (stream, 1)
    np.save(tmp_path / "x.npy", rng.normal(scale=2, size=(40, 6)).astype(np.float32))
    check = check_file(path, None, ModelOptions(), 40, tmp_path / "x.npy")
    assert (check.passed, check.outputs.identical) == (True, 1)


def test_codes_that_something_else_reads_are_clipped_in_hardware(tmp_path):
    m = Maker([1, 6])
    step = m.constant(0.1), m.constant(0, np.uint8)
    codes = m.node("QuantizeLinear", "x", *step)
    clip = m.node("Clip", codes, m.constant(0, np.uint8), m.constant(15, np.uint8))
    both = [m.node("DequantizeLinear", end, *step) for end in (clip, codes)]
    y = m.node("MatMul", m.node("Concat", *both, axis=1), m.quant(np.ones((12, 2)), 1.0, 2))
    path = m.save(tmp_path / "net.onnx", y)
    assert str(read(path).graph.input.type) == "u8"
    check = check_file(path, None, ModelOptions(), samples=40)
    assert (check.passed, check.outputs.identical) == (True, 1)


@pytest.mark.parametrize("end", ["sums", "label", "flat"])
def test_a_file_with_a_fixed_batch_runs_in_it(tmp_path, end):
    m = Maker([3, 6])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(rng.normal(size=(6, 4)), 0.25, 4))
    y = m.node("MatMul", m.quant(y, 0.5, 4), m.quant(rng.normal(size=(4, 4)), 0.25, 4))
    match end:
        case "sums":
            y = m.node("Add", y, 1.0, output="y")
        case "label":
            y = m.node("Cast", m.node("ArgMax", y, axis=1), to=1, output="y")
        case _:
            y = m.node("Flatten", y, axis=0, output="y")
    check = check_file(m.save(tmp_path / "net.onnx", y), None, ModelOptions(), samples=20)
    assert check.passed
    assert (check.outputs.identical, check.outputs.same_label) == (1, 1)
    assert [row.elements for row in check.quantizers] == [120, 80]


def test_another_rounding_is_found_out(tmp_path, monkeypatch):
    """An importer that rounds half up would differ at ties alone, which are told as ties."""
    m = Maker([1, 6])
    w = m.quant(rng.integers(-3, 4, (6, 4)) * 0.25, 0.25, 3)
    y = m.quant(m.node("MatMul", m.quant("x", 0.25, 4), w), 0.5, 4, output="y")
    path = m.save(tmp_path / "net.onnx", y)
    half_up = rounding.Mode.half_up
    monkeypatch.setattr("hwgen.frontend.onnx.folding.quantizers.rounding_mode", lambda *_: half_up)
    check = check_file(path, None, ModelOptions(), samples=50)
    assert check.quantizers[1].ties > 0
    assert check.quantizers[1].ties == check.quantizers[1].differing


def test_a_code_that_is_wrong_has_no_explanation(net):
    found = read(net, keep_all=True)
    x = rng.integers(-8, 8, (30, 6))
    values = run(found.graph, x)
    quantizer = found.quantizers[1]
    theirs = values[quantizer.node].copy()
    theirs[3, 2] = (theirs[3, 2] + 5) % 16
    row = compared(found.graph, quantizer, values, theirs, found.read_as)
    assert (row.elements, row.differing, row.unexplained) == (120, 1, 1)


def test_a_value_beside_a_step_is_a_near_tie(net):
    """A step that lies within float32 of the sum that it parts from its neighbour."""
    found = read(net, keep_all=True)
    values = run(found.graph, rng.integers(-8, 8, (30, 6)))
    quantizer = found.quantizers[1]
    channel = quantizer.before[0]
    sums = values[found.graph.node(quantizer.node).inputs[0]]
    place = tuple(np.argwhere(sums > 0)[0])  # where the Relu lets it pass
    step = channel.real(int(sums[place])) + abs(channel.scale) / 10**9
    first = quantizer.bounds[0].runs[0]
    moved = replace(quantizer.bounds[0], runs=(replace(first, first=step, count=1),))
    near = replace(quantizer, bounds=(moved,))
    theirs = values[quantizer.node].copy()
    values[quantizer.node] = theirs.copy()
    values[quantizer.node][place], theirs[place] = 0, 1
    row = compared(found.graph, near, values, theirs, found.read_as)
    assert (row.near_ties, row.unexplained) == (1, 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data", "none.npy"], "none.npy: must be a .npy file"),
        (["--data", "wrong.npy"], "wrong.npy: must hold inputs of shape (samples, 6), not (3, 5)"),
        (["--labels", "wrong.npy"], "wrong.npy: labels must stand beside --data; add the inputs"),
    ],
)
def test_data_that_are_none(net, tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    np.save("wrong.npy", np.zeros((3, 5)))
    result = hwgen("check", net, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_only_networks_of_other_tools_are_checked(tmp_path):
    result = hwgen("check", tmp_path / "model.pt")
    assert result.exit_code == 2
    assert "must be a network .onnx, not '.pt'; name one" in result.stderr
