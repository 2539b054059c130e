"""The serial link between a board's pins and a design's two AXI4-Streams; one component a file."""
