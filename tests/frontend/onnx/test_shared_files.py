"""Every file of the shared data: integers equal to the exact ones, or its one sentence."""

import numpy as np
import pytest

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.frontend.onnx.host import real_values, stream_integers
from tests.frontend.onnx.files import SHARED, entries, read

BUILD = [pytest.param(path, entry, id=path.stem) for path, entry in entries("build")]
REFUSE = [pytest.param(path, entry, id=path.stem) for path, entry in entries("refuse")]
LARGE = 100_000  # bytes: one sample is enough of what takes long
SAYS = {
    "cycle": "Add_11: the graph must have no cycle",
    "float_quant_fp8": "FloatQuant must be Quant: minifloat is not integer",
    "qonnx_fp8": "FloatQuant must be Quant: minifloat is not integer",
    "finn_cybsec_hls": "MVAU_hls must not be there, an operator of another tool's hardware",
    "deeploy_minimobilenet": "RequantShift must not be there, an operator of another tool's",
    "fractional_bit_width": "bit width must be an integer, not [3.5]",
    "gelu_not_monotone": "Gelu must rise or fall throughout before a quantizer",
    "matmul_of_activations": "one input must be constant, not both from the data (attention)",
    "nan_bias": "constants must be finite; one of tensor c11 is not",
    "no_activation_quantizer_on_input": "give its integers, such as --input u8 --input-scale",
    "not_onnx": "must be an ONNX model, and cannot be read as one",
    "scale_from_data": "scale must be constant, not computed from the data (dynamic quantization)",
    "two_activations_multiplied": "Mul must have one constant, not two inputs from the data",
    "unknown_domain": "operator FancyActivation of domain my.company must be a known one",
    "zero_scale": "scale must be positive and finite, not 0.0",
    "cnn_uint8_preprocess": "scales must be equal in all channels where no quantizer follows",
}

pytestmark = pytest.mark.skipif(SHARED is None, reason="the shared data are not here")


def exact_outputs(stored):
    if "exact" in stored:
        return stored["exact"]
    if "before_softmax" in stored:
        return stored["before_softmax"]
    exact = stored["y"].astype(np.float64)
    exact.ravel()[stored["exact_differs_at"]] = stored["exact_there"]
    return exact


@pytest.mark.parametrize(("path", "entry"), BUILD)
def test_integers_are_the_exact_ones(path, entry):
    found = read(path, keep_all=True, option=entry.get("input_option", ""))
    with np.load(path.with_suffix(".npz")) as file:
        stored = dict(file)
    count = len(stored["x"]) if stored["x"][0].size < 2000 else 2
    x = stream_integers(found, stored["x"][:count])
    values = reference.run(found.graph, x)
    places = {quantized.tensor: quantized for quantized in found.quantizers}
    for name, codes in stored.items():
        if not name.startswith("codes:"):
            continue
        own = places[name.removeprefix("codes:").replace("|", "/")]
        mine = own.factor * values[own.node][0].ravel()[own.where.ravel()] + own.shift
        codes = codes[..., 0] if path.stem == "tract_qsigmoid" else codes  # the batch comes last
        np.testing.assert_array_equal(mine, codes.ravel(), err_msg=name)
    check_outputs(found, stored, values[found.graph.output])
    tidy = read(path, option=entry.get("input_option", ""))
    np.testing.assert_array_equal(reference.outputs(tidy.graph, x), values[found.graph.output])


def check_outputs(found, stored, outputs):
    if found.graph.result == "class":
        labels = stored["label"] if "label" in stored else stored["exact"]
        np.testing.assert_array_equal(outputs.ravel(), labels.ravel()[: len(outputs)])
        return
    exact = exact_outputs(stored)[: len(outputs)]
    values = real_values(found.output, outputs)
    tolerance = 1e-9 if "exact" in stored else 1e-5  # what is stored of the latter is float32
    np.testing.assert_allclose(
        values.ravel(), exact.ravel(), rtol=0, atol=tolerance * np.abs(exact).max() + 1e-12
    )


@pytest.mark.parametrize(("path", "entry"), REFUSE)
def test_refusals_are_sentences(path, entry):
    with pytest.raises(ModelError) as caught:
        read(path, option=entry.get("input_option", ""))
    lines = str(caught.value).splitlines()
    assert any(SAYS[path.stem] in line for line in lines)
    assert all(line.startswith(f"{path.name}: ") for line in lines)


def test_the_option_that_a_refusal_names_helps():
    path = SHARED / "refuse" / "no_activation_quantizer_on_input.onnx"
    found = read(path, option="--input s4 --input-scale 1/4")
    assert str(found.graph.input.type) == "s4"
    assert found.graph.input.scale == 0.25


def test_one_net_in_three_forms_gives_one_network():
    stems = ["cnn_bn_maxpool", "cnn_bn_maxpool_clean", "cnn_bn_maxpool_channels_last"]
    graphs = [read(SHARED / "generated" / f"{stem}.onnx").graph for stem in stems]
    x = np.random.default_rng(0).integers(-128, 128, (20, *graphs[0].input.shape))
    outputs = [reference.outputs(graph, x) for graph in graphs]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    np.testing.assert_array_equal(outputs[0], outputs[2])


def test_a_promised_accumulator_width_is_held_or_refused():
    path = SHARED / "generated" / "mlp_a2q.onnx"
    assert read(path, target=10).graph.node("n1_MatMul").accumulators[0].target_bits == 10
    with pytest.raises(ModelError, match=r"n1_MatMul: accumulators must fit the 10 bits of"):
        read(path.with_stem("mlp_a2q_as_exported"), target=10)
