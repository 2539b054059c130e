"""Parts of `bench/whole_nets/dense.py`."""
