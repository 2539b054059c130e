"""Runs Yosys and nextpnr on a design and reads their reports; decides nothing."""
