"""Single convolutions, unrolled and folded."""
