"""How the training set is cut into batches."""

import pytest
import torch

from training.loop import batches, steps_of


@pytest.mark.parametrize(
    ("samples", "size", "sizes"),
    [
        (8, 4, [4, 4]),
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 5]),
        (5, 4, [5]),
        (3, 4, [3]),
        (1, 4, [1]),
        (7, 2, [2, 2, 3]),
    ],
)
def test_a_lone_last_sample_joins_the_batch_before_it(samples, size, sizes):
    order = torch.arange(samples)
    parts = batches(order, size)
    assert [len(part) for part in parts] == sizes
    assert torch.equal(torch.cat(parts), order)
    assert steps_of(samples, size) == len(sizes)
