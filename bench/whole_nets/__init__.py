"""Trained nets as whole designs."""
