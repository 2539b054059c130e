"""Checked access to the attributes and inputs of a node of the file."""

from __future__ import annotations

import numpy as np

from hwgen.errors import ModelError
from hwgen.frontend.onnx.file.load import Node


class BadAttributeError(ModelError):
    """An attribute of another kind than its operator has: the text says which."""


def integer(node: Node, name: str, default: int | None = None) -> int:
    """Give an integer attribute."""
    value = node.attributes.get(name, default)
    if not isinstance(value, int):
        raise BadAttributeError(f"{name} must be an integer; export the model again")
    return value


def integers(node: Node, name: str) -> list[int] | None:
    """Give a list of integers, None where there is none."""
    value = node.attributes.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
        raise BadAttributeError(f"{name} must be a list of integers; export the model again")
    return [item for item in value if isinstance(item, int)]


def number(node: Node, name: str, default: float) -> float:
    """Give a finite number."""
    value = node.attributes.get(name, default)
    if not isinstance(value, (int, float)) or not np.isfinite(value):
        raise BadAttributeError(f"{name} must be a finite number; export the model again")
    return float(value)


def text(node: Node, name: str, default: str) -> str:
    """Give a string."""
    value = node.attributes.get(name, default)
    if not isinstance(value, str):
        raise BadAttributeError(f"{name} must be text; export the model again")
    return value
