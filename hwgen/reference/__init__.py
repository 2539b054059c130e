"""Runs the integer network in NumPy: the golden model that all else must equal, bit for bit."""

from hwgen.reference.operations import evaluate
from hwgen.reference.run import check_input, check_samples, outputs, run

__all__ = ["check_input", "check_samples", "evaluate", "outputs", "run"]
