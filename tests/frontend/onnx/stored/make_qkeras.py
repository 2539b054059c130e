"""Writes qkeras_mlp.onnx: a QKeras model as `qonnx.converters.from_keras` gives it.

    pip install tensorflow-cpu==2.15.1 qkeras==0.9.0 pyparsing tf2onnx==1.16.1 onnx==1.16.2
    pip install --no-deps qonnx==0.4.0
    python tests/frontend/onnx/stored/make_qkeras.py

These are not among hwgen's own packages: the file is kept, so that tests need none of them. The
model is 16-12-4 with weights of 4 bits and activations of 3, not trained.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from qonnx.converters import from_keras

PLACE = Path(__file__).with_name("qkeras_mlp.onnx")


def main():
    """Write the file beside this program."""
    tf.keras.utils.set_random_seed(0)
    weights = {
        "kernel_quantizer": quantized_bits(4, 0, alpha=1),
        "bias_quantizer": quantized_bits(6, 1, alpha=1),
        "bias_initializer": "random_normal",
    }
    net = tf.keras.Sequential(
        [
            tf.keras.layers.Input((16,)),
            QDense(12, name="fc1", **weights),
            QActivation(quantized_relu(3, 1), name="relu1"),
            QDense(4, name="fc2", **weights),
        ]
    )
    net(np.zeros((1, 16), np.float32))
    from_keras(net, name="qkeras_mlp", output_path=str(PLACE))


if __name__ == "__main__":
    main()
