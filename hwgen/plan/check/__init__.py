"""Shows that a plan, perhaps edited by hand, is its network."""
