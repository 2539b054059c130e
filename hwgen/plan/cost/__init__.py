"""What the parts of a target cost and how long they take."""
