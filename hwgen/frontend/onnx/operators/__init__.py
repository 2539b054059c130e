"""What operators do with data that depends on the input, as nodes of the network."""
