"""Units run cycle by cycle in compiled loops; a bit is told by an atom and a letter."""
