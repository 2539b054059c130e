"""A design as a part of other people's systems: wrappers and descriptions for their tools."""
