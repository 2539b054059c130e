"""HLS C++ of a plan: one file a stage, as in `rtl/`. It decides nothing."""
