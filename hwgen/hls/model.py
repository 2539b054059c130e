"""The C++ of a design as a fast model in Python: bit for bit what the Verilog gives."""

from __future__ import annotations

import ctypes
import math
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwgen.errors import ModelError
from hwgen.hls.bench import static_text
from hwgen.hls.design import port_bits
from hwgen.hls.run import compile_cpp
from hwgen.network_file import load_network
from hwgen.numeric import IntArray
from hwgen.plan.execute import from_slots, to_slots
from hwgen.plan.plan_file import read_plan
from hwgen.plan.stages.stage import Stream

FLAGS = ("-std=c++11", "-O2", "-Wno-unknown-pragmas", "-shared", "-fPIC")
AT_ONCE = 1 << 24  # slots


class CppModel:
    """A design folder that was built with `--hls`, compiled once.

    Parameters
    ----------
    folder
        The design folder.

    Raises
    ------
    ModelError
        Where the folder has no C++.
    ToolError
        Where there is no compiler, or it refuses the code.
    """

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        if not (folder / "hls" / "test.cpp").is_file():
            raise ModelError(
                f"{folder}: must have C++ in hls/; build the design again with `hwgen build --hls`"
            )
        self.plan = read_plan(folder / "plan.json")
        self.graph = load_network(folder / "network.npz")
        name, ports = self.plan.name, (self.plan.inputs, self.plan.outputs)
        bits = [port_bits(stream) for stream in ports]
        with tempfile.TemporaryDirectory(prefix="hwgen-model-") as place:
            source, library = Path(place) / "model.cpp", Path(place) / "model.so"
            source.write_text(static_text("model.cpp"))
            macros = (
                *(f"-DTOP={name}", f'-DSOURCE="{name}.cpp"'),
                *(f"-DIN_BITS={bits[0]}", f"-DOUT_BITS={bits[1]}"),
            )
            log = folder / "hls" / "model.log"
            compile_cpp(folder / "hls", str(source), library, (*FLAGS, *macros), log)
            self._call = ctypes.CDLL(str(library)).hwgen_model
        self._call.restype = None
        self._call.argtypes = [
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_longlong),
            *(ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int),
        ]

    def run(self, x: IntArray) -> IntArray:
        """Give the network's outputs, (samples, *output shape), of integers (samples, *shape).

        Raises
        ------
        ModelError
            Where `x` has another shape, or values that the input's type does not hold.
        """
        spec, name, x = self.graph.input, self.graph.name, np.asarray(x)
        if x.ndim < 1 or x.shape[1:] != spec.shape or x.dtype.kind not in "iu":
            raise ModelError(
                f"{name}: x must be integers of shape (samples, "
                f"{', '.join(map(str, spec.shape))}), not {x.dtype} of {x.shape}"
            )
        if x.size and not spec.type.lo <= x.min() <= x.max() <= spec.type.hi:
            raise ModelError(
                f"{name}: x must hold values of {spec.type}, not {x.min()} to {x.max()}"
            )
        vectors = x.reshape(len(x), math.prod(spec.shape)).astype(np.int64)
        some = max(AT_ONCE // len(self.plan.inputs.elements), 1)
        parts = [self._some(vectors[k : k + some]) for k in range(0, len(x), some)]
        shape = self.graph.tensors[self.graph.output].shape
        found = np.concatenate(parts) if parts else np.empty((0, 1), np.int64)
        return found.reshape(len(x), *shape)

    def _some(self, vectors: IntArray) -> IntArray:
        outputs = self.plan.outputs
        given = np.ascontiguousarray(to_slots(self.plan.inputs, vectors))
        found = np.empty((len(vectors), outputs.beats * len(outputs.lanes)), np.int64)
        bits_in, bits_out = _lane_bits(self.plan.inputs), _lane_bits(outputs)
        self._call(
            *(given.ctypes.data, found.ctypes.data, len(vectors)),
            *(bits_in.ctypes.data, len(bits_in), bits_out.ctypes.data, len(bits_out)),
        )
        return from_slots(outputs, found)


def _lane_bits(stream: Stream) -> npt.NDArray[np.int32]:
    """Give the bits of each lane, negative for a signed one."""
    return np.array([-k.bits if k.signed else k.bits for k in stream.lanes], np.int32)
