"""The netlist of a unit run cycle by cycle on symbolic values."""
