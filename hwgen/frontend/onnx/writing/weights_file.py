"""Puts quantized weights in the place of raw ones that an exporter wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from hwgen.errors import ModelError
from hwgen.frontend.replacement import Replacement


def replace_weights(path: Path, layers: Mapping[str, Replacement], name: str) -> None:
    """Write the values of quantizers into a file, whatever names and order of axes it has.

    Raises
    ------
    ModelError
        Where the weights of a layer are not in the file.
    """
    model = onnx.load(path)
    left = dict(layers)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        for layer, (raw, quantized) in layers.items():
            turned = array.ndim == 2 and array.shape == raw.T.shape and (array == raw.T).all()
            if turned or (array.shape == raw.shape and (array == raw).all()):
                values = quantized.T if turned else quantized
                new = numpy_helper.from_array(np.ascontiguousarray(values), tensor.name)
                tensor.CopyFrom(new)
                left.pop(layer, None)
                break
    if left:
        raise ModelError(
            f"{name}: must hold the weights of {', '.join(left)}, and does not; "
            "export with dynamo=False"
        )
    onnx.save(model, path)
