"""The netlist of a unit run cycle by cycle in compiled loops, on bits told by a thing and a letter."""
