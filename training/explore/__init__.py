"""A search for the most accurate networks that a part of given size, or a given rate, can have."""
