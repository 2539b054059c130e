"""Whether HLS C++ is its network, from a trace of the compiled program."""
