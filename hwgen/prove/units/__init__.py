"""One proof a kind of unit."""
