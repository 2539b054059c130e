"""Changed training images: shifted and mirrored to classify, turned and mirrored to enlarge."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

PADDING = 4  # pixels of zeros around an image before it is cropped to its size again


def cropped_and_mirrored(x: Tensor, generator: Generator) -> Tensor:
    """Shift every image by up to `PADDING` pixels each way, and mirror half of them.

    Parameters
    ----------
    x
        Images, shape (samples, channels, H, W).
    """
    samples, _, height, width = x.shape
    padded = nn.functional.pad(x, (PADDING,) * 4)
    top, left = torch.randint(0, 2 * PADDING + 1, (2, samples, 1), generator=generator)
    rows, columns = top + torch.arange(height), left + torch.arange(width)
    mirrored = torch.rand(samples, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    sample = torch.arange(samples).reshape(-1, 1, 1)
    pixels = padded.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]]
    return pixels.permute(0, 3, 1, 2).contiguous()


def turned(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Mirror or turn two batches of square images alike, by one of the eight ways for all.

    Parameters
    ----------
    x, y
        Images, shape (samples, channels, side, side), each batch with its own side.
    """
    rows, columns, axes = (bool(way) for way in torch.randint(0, 2, (3,), generator=generator))
    flipped = [side for side, chosen in ((2, rows), (3, columns)) if chosen]
    x, y = x.flip(flipped), y.flip(flipped)
    return (x.transpose(2, 3), y.transpose(2, 3)) if axes else (x, y)
