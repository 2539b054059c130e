"""Readers of model files and matrices: everything becomes an `ir.Graph`."""
