"""What joins stages, and when their beats come."""
