"""Tensors that no input reaches, among them weights and quantizers' parameters."""
