"""Adder graphs: shared sub-sums, how they are added up, and what that costs."""
