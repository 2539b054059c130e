"""Exact numbers: rounding modes, brackets of roots, step functions of rationals."""
