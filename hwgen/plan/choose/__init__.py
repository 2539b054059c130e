"""Styles and foldings of the layers, for a goal or as asked."""
