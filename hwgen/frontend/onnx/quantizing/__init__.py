"""Quantizers of activations, and where hardware begins, as thresholds on integers."""
