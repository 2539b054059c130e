"""Amaranth components, one a file: the plan's numbers in, a netlist out; no decision."""
