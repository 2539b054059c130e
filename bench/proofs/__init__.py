"""What proofs take."""
