"""Proof that the emitted Verilog computes the integer network, from the netlist alone."""
