"""What leaves the network: outputs with a meaning, labels, and what became of the file."""
