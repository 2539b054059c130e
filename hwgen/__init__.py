"""From a quantized neural network to overflow-proof, LUT-frugal FPGA logic.

Importing the package imports neither torch nor amaranth.
"""

__version__ = "0.1.0"
