"""Units that take a vector every cycle: their graph, and where its registers lie."""
