"""Integer linear forms, and what cells make of them."""
