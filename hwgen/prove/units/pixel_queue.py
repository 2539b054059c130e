"""Visits the queue in front of a window buffer, and joins it to the buffer."""
