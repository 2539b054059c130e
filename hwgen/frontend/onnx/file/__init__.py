"""The file as plain nodes, arrays and attributes; nothing in it is trusted."""
