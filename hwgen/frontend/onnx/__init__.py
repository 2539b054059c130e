"""Networks that others trained, from ONNX files: QONNX, FINN-ONNX, QDQ, QCDQ and QOperator.

One walk over the nodes turns every tensor into integers with an exact rational meaning. Nothing is
approximated: constants are the rationals that the file's floats are, and rounding modes and ties
are those that it names.
"""
