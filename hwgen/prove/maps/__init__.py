"""Proves a chain of units on feature maps, one after another, a position a beat."""
