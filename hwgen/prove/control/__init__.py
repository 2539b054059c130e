"""What a unit's control does under every pattern of beats and stalls, and where data goes by it."""
