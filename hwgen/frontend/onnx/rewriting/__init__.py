"""The network that was read, made smaller without a change of any output."""
