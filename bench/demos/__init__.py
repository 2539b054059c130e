"""The whole way on small nets, as a user types it."""
