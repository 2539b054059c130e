"""Layers on maps over whole frames, for units that take and give them in many beats."""
