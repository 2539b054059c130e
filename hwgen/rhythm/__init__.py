"""When beats pass, and the check that queues are deep enough."""
