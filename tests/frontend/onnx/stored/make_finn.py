"""Writes finn_mlp.onnx: a net in the form that FINN has it in behind its tidy-up steps.

    python tests/frontend/onnx/stored/make_finn.py

The nodes and annotations are those of FINN's published MNIST MLP (src/finn/qnn-data/build_dataflow
in Xilinx/finn): an annotated integer input, bipolar weights as floats, MultiThreshold with
`out_scale` 2 and `out_bias` -1, scales and batch normalization between, TopK at the end. Sizes are
16-12-4, weights random.
"""

from pathlib import Path

import numpy as np
from onnx import (
    StringStringEntryProto,
    TensorAnnotation,
    TensorProto,
    helper,
    numpy_helper,
    save_model,
)

FINN = "finn.custom_op.general"


def annotation(tensor, kind):
    """A data type as FINN writes it down."""
    pair = StringStringEntryProto(key="finn_datatype", value=kind)
    return TensorAnnotation(tensor_name=tensor, quant_parameter_tensor_names=[pair])


def main():
    """Write the file beside this program."""
    rng = np.random.default_rng(3)
    first, second = (rng.choice([-1.0, 1.0], shape) for shape in ((16, 12), (12, 4)))
    constants = {
        "flat": np.array([1, -1]),
        "divisor": np.float32(255),
        "two": np.float32(2),
        "one": np.float32(1),
        "steps0": np.zeros((1, 1)),
        "w0": first,
        "scale0": np.float32(0.125),
        "gamma": rng.uniform(0.5, 1.5, 12),
        "beta": rng.normal(0, 0.2, 12),
        "mean": rng.normal(0, 0.3, 12),
        "variance": rng.uniform(0.5, 1.5, 12),
        "steps1": np.zeros((1, 1)),
        "w1": second,
        "scale1": np.float32(0.25),
        "k": np.array([1]),
    }
    bipolar = {"domain": FINN, "out_dtype": "BIPOLAR", "out_scale": 2.0, "out_bias": -1.0}
    nodes = [
        helper.make_node("Reshape", ["global_in", "flat"], ["r"], "Reshape_0"),
        helper.make_node("Div", ["r", "divisor"], ["d"], "Div_0"),
        helper.make_node("Mul", ["d", "two"], ["m"], "Mul_0"),
        helper.make_node("Sub", ["m", "one"], ["s"], "Sub_0"),
        helper.make_node("MultiThreshold", ["s", "steps0"], ["t0"], "MultiThreshold_0", **bipolar),
        helper.make_node("MatMul", ["t0", "w0"], ["a0"], "MatMul_0"),
        helper.make_node("Mul", ["a0", "scale0"], ["b0"], "Mul_1"),
        helper.make_node(
            "BatchNormalization", ["b0", "gamma", "beta", "mean", "variance"], ["n0"], "Norm_0"
        ),
        helper.make_node("MultiThreshold", ["n0", "steps1"], ["t1"], "MultiThreshold_1", **bipolar),
        helper.make_node("MatMul", ["t1", "w1"], ["a1"], "MatMul_1"),
        helper.make_node("Mul", ["a1", "scale1"], ["b1"], "Mul_2"),
        helper.make_node(
            "TopK", ["b1", "k"], ["values", "global_out"], "TopK_0", largest=1, sorted=1
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "finn_mlp",
        [helper.make_tensor_value_info("global_in", TensorProto.FLOAT, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("global_out", TensorProto.INT64, [1, 1])],
        [
            numpy_helper.from_array(
                np.asarray(value, np.int64 if np.asarray(value).dtype.kind == "i" else np.float32),
                name,
            )
            for name, value in constants.items()
        ],
    )
    kinds = {"global_in": "UINT8", "t0": "BIPOLAR", "w0": "BIPOLAR", "t1": "BIPOLAR"}
    for tensor, kind in (kinds | {"w1": "BIPOLAR"}).items():
        graph.quantization_annotation.append(annotation(tensor, kind))
    opsets = [helper.make_opsetid("", 12), helper.make_opsetid(FINN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="finn")
    model.ir_version = 7
    save_model(model, Path(__file__).with_name("finn_mlp.onnx"))


if __name__ == "__main__":
    main()
