"""Which operators have a meaning here, and the sentences for those that have none."""

from __future__ import annotations

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file.load import File, Node, shown

DOMAINS = {
    *("", "ai.onnx", "com.microsoft", "onnx.brevitas", "ai.onnx.contrib"),
    *("qonnx.custom_op.general", "qonnx.custom_op.channels_last", "finn.custom_op.general"),
}
NOT_MONOTONE = {
    *("Gelu", "FastGelu", "Mish", "HardSwish", "Swish", "Silu", "QuickGelu"),
    *("Abs", "Sin", "Cos"),
}
NOT_READ = {  # rise throughout, but have no bounds here
    *("Celu", "Elu", "Selu", "Softplus", "Softsign", "Exp", "Log", "Erf", "Sqrt"),
}
QUANTIZERS = {*("Quant", "IntQuant", "BipolarQuant", "QuantizeLinear", "DequantizeLinear", "Trunc")}
LEAST_INPUTS = {
    **dict.fromkeys(("MatMul", "MatMulInteger", "Gemm", "Conv", "ConvInteger", "PRelu"), 2),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "DequantizeLinear", "MultiThreshold"), 2),
    **dict.fromkeys(("QuantizeLinear", "BipolarQuant", "Gather", "Expand", "Tile"), 2),
    **{"Quant": 4, "IntQuant": 4, "BatchNormalization": 5, "Trunc": 5, "Where": 3, "Range": 3},
}
PAST_IMPORT = {"RequantShift": "PULP", "RequantizedConv": "PULP"}


def check_operator(node: Node) -> None:
    """Refuse what is known by its name to have no meaning here."""
    domain = node.domain
    if domain.startswith("finn.custom_op.fpgadataflow") or node.op in PAST_IMPORT:
        raise ModelError(
            f"{shown(node.op)} must not be there, an operator of another tool's hardware; "
            "give the file from before that tool's conversion to hardware"
        )
    if node.op == "FloatQuant":
        raise ModelError("FloatQuant must be Quant: minifloat is not integer; quantize to integers")
    if node.op == "DynamicQuantizeLinear":
        raise ModelError(
            "scale must be constant, not computed from the data (dynamic quantization); "
            "use static quantization"
        )
    least = LEAST_INPUTS.get(node.op, 0 if node.op == "Constant" else 1)
    if len(node.inputs) < least or not node.outputs:
        raise ModelError(
            f"{node.op} must have at least {least} inputs and an output, not {len(node.inputs)} "
            f"and {len(node.outputs)}; export the model again"
        )
    if domain not in DOMAINS:
        raise ModelError(
            f"operator {shown(node.op)} of domain {shown(domain)} must be a known one; "
            "build that part in software"
        )


def unread_reduction(file: File, node: Node) -> ModelError:
    """Say why an extreme or a norm is refused: it makes a scale, or is none of the known ones."""
    made = set(node.outputs)
    for reader in file.nodes:
        read = [name in made for name in reader.inputs]
        if reader.op in QUANTIZERS and any(read[1:]):
            return ModelError(
                "scale must be constant, not computed from the data (dynamic quantization), as "
                f"{node.op} of the data is for; use static quantization"
            )
        if any(read):
            made.update(reader.outputs)
    instead = (
        "use GlobalMaxPool or MaxPool" if node.op == "ReduceMax" else "build that part in software"
    )
    return ModelError(f"operator {node.op} is not read; {instead}")
