"""Crops and mirror images against a loop that looks for each in its padded original."""

import torch
from torch.nn import functional

from training.augment import PADDING, cropped_and_mirrored, turned


def test_every_image_is_a_crop_of_its_own_original():
    x = torch.rand(200, 3, 6, 5, generator=torch.Generator().manual_seed(1)) + 1
    found = cropped_and_mirrored(x, torch.Generator().manual_seed(2))
    padded = functional.pad(x, (PADDING,) * 4)
    seen = set()
    for original, image in zip(padded, found, strict=True):
        places = [
            (top, left, mirrored)
            for top in range(2 * PADDING + 1)
            for left in range(2 * PADDING + 1)
            for mirrored in (False, True)
            if torch.equal(
                original[:, top : top + 6, left : left + 5], image.flip(2) if mirrored else image
            )
        ]
        assert places
        seen.update(places)
    assert {place[0] for place in seen} == set(range(2 * PADDING + 1))
    assert {place[1] for place in seen} == set(range(2 * PADDING + 1))
    assert {place[2] for place in seen} == {False, True}


def test_the_same_seed_gives_the_same_images():
    x = torch.rand(9, 1, 4, 4)
    first, second = (cropped_and_mirrored(x, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_small_and_large_images_are_turned_alike():
    small = torch.rand(2, 1, 4, 4)
    large = small.repeat_interleave(3, 2).repeat_interleave(3, 3)
    seen = set()
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        x, y = turned(small, large, generator)
        assert torch.equal(y, x.repeat_interleave(3, 2).repeat_interleave(3, 3))
        seen.add(tuple(x[0].flatten().tolist()))
    assert len(seen) == 8
