"""Units of few multipliers: cycles, LUTs and memories."""
