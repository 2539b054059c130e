"""T91 to train and Set5 and Set14 to test super-resolution by three, in luminance alone.

Small images are made by bicubic down-scaling as Pillow does it (a = -0.5, the kernel widened by
the factor), which torch computes on bytes too. Luminance is MATLAB's, 16 to 235.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from hwgen.numeric import IntArray
from training.data.dataset import ImagePair, ImagePairs
from training.data.files import read_arrays

FACTOR = 3
PATCH = 16  # pixels of a small training patch along each side
STEP = 16  # small pixels from one patch to the next
TESTS = {"set5": "set5_y.npz.xz", "set14": "set14_y.npz.xz"}


def super_resolution(folder: Path) -> ImagePairs:
    """Read the sets: overlapping training patches, and whole test images."""
    place = folder / "sr"
    patches = [patch for image in images(place / "t91_y.npz.xz").values() for patch in cut(image)]
    small, large = zip(*patches, strict=True)
    tests = [
        ImagePair(
            part=part, name=name, small=shrunk(image).astype(np.int64), large=image.astype(np.int64)
        )
        for part, file in TESTS.items()
        for name, image in images(place / file).items()
    ]
    return ImagePairs(
        name="super_resolution",
        factor=FACTOR,
        train_x=np.stack(small)[:, np.newaxis].astype(np.int64),
        train_y=np.stack(large)[:, np.newaxis].astype(np.int64),
        tests=tuple(tests),
    )


def shrunk(image: np.ndarray, factor: int = FACTOR) -> np.ndarray:
    """Shrink an image (H, W) of bytes whose sides are multiples of `factor`."""
    height, width = image.shape
    return resized(image, height // factor, width // factor)


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale an image (H, W) of bytes by bicubic interpolation."""
    pixels = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    scaled = interpolate(pixels, size=(height, width), mode="bicubic", antialias=True)
    return scaled[0, 0].numpy()


def cut(image: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut an image into patches, small and large; what does not fill one is left out."""
    small = shrunk(image)
    height, width = small.shape
    corners = [
        (top, left)
        for top in range(0, height - PATCH + 1, STEP)
        for left in range(0, width - PATCH + 1, STEP)
    ]
    return [(_patch(small, *corner, 1), _patch(image, *corner, FACTOR)) for corner in corners]


def _patch(image: np.ndarray, top: int, left: int, factor: int) -> np.ndarray:
    rows = slice(factor * top, factor * (top + PATCH))
    return image[rows, factor * left : factor * (left + PATCH)]


def images(path: Path) -> dict[str, IntArray]:
    """Read images by name, (H, W) of bytes, with sides cut to multiples of the factor."""
    found = {}
    for name, differences in read_arrays(path).items():
        image = differences.cumsum(0, dtype=np.uint8).cumsum(1, dtype=np.uint8)
        height, width = (size // FACTOR * FACTOR for size in image.shape)
        found[name] = image[:height, :width]
    return found
