"""The netlist of a module, and ways through it."""
