"""The clock of units, and the model of their delays."""
