"""Parts of `bench/whole_nets.py`."""
