"""Writes ONNX again: in standard operators for a float run, with other weights."""
