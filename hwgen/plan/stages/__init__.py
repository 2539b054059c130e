"""What the RTL builds: the stages of a design, and nothing else that is known of it."""
