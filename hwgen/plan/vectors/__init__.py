"""What a design and its units are tried on, and what they must give."""
