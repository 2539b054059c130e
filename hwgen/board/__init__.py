"""A design on a board: table of boards, constraints, bitstream, and what the reports say of it."""
