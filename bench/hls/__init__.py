"""The C++ of designs as a model and as logic."""
