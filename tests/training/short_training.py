"""A float and a quantized network trained for eight steps, also by `torchrun`, into a file.

In float64: the noise of float32 moves codes near a half, and eight steps make losses 7e-3 apart of
that, in one process as in two.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from training.build import float_net, quant_net
from training.data.dataset import Dataset, IntArray
from training.data.digits import digit_images
from training.descent import float_descent, quantized_descent
from training.loop import train
from training.nets.float_twin import start_from
from training.parallel import is_first, process_group
from training.recipes import RECIPES

SAMPLES = 3 * 32 + 17  # the last batch cannot be halved


class DoubleDataset(Dataset):
    """A data set for networks in float64."""

    def real(self, x: IntArray) -> Tensor:
        return torch.from_numpy(x * self.scale)


@contextmanager
def float64() -> Iterator[None]:
    """Make new networks in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@float64()
def short_training():
    """Give the state of the quantized network and its losses; three steps calibrate."""
    torch.manual_seed(1)
    digits = digit_images()
    dataset = DoubleDataset(
        name=digits.name,
        classes=digits.classes,
        type=digits.type,
        scale=digits.scale,
        train_x=digits.train_x[:SAMPLES],
        train_y=digits.train_y[:SAMPLES],
        test_x=digits.test_x,
        test_y=digits.test_y,
    )
    recipe = replace(RECIPES["digits_cnn"], width=0.125, epochs=2, float_epochs=2)
    losses = []

    def report(epoch):
        losses.append(epoch.loss)

    trained = train(float_net(recipe, dataset), dataset, recipe, float_descent(recipe), report)
    net = quant_net(recipe, dataset, calibration_steps=3)
    start_from(net, trained)
    train(net, dataset, recipe, quantized_descent(recipe), report)
    return net.state_dict(), torch.tensor(losses)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with process_group():
        result = short_training()
    if is_first():
        torch.save(result, Path(sys.argv[1]))
