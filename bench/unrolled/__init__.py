"""Units that take a vector every cycle: LUTs, widths, and what planning takes."""
