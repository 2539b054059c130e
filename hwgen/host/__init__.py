"""The host side of a board, which needs numpy and pyserial alone."""
