"""What was shown, as data."""
