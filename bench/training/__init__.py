"""Training: accuracy, time, and the parts of a method."""
