"""Every decision about a design and no signal: from the integer network to numbers for the RTL."""
