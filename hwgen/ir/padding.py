"""How far windows reach beyond an image."""

from __future__ import annotations

Padding = tuple[int, int] | tuple[int, int, int, int]
Sides = tuple[int, int, int, int]


def sides(padding: Padding) -> Sides:
    """Give (top, left, bottom, right) of a padding, which may be (vertical, horizontal)."""
    top, left = padding[:2]
    bottom, right = padding[-2:]
    return top, left, bottom, right


def padded_size(image: tuple[int, int], padding: Padding) -> tuple[int, int]:
    """Give the height and width of an image with its padding."""
    top, left, bottom, right = sides(padding)
    return image[0] + top + bottom, image[1] + left + right


def windows_of(
    image: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    """Give the rows and columns of windows, the last of which end in the padded image."""
    height, width = padded_size(image, padding)
    return (height - kernel[0]) // stride[0] + 1, (width - kernel[1]) // stride[1] + 1
