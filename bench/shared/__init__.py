"""What benchmarks of several subjects need: layers, rows, commands, counts."""
