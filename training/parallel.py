"""One training on several devices, with the result of one device within float noise.

Started by `torchrun`, every process makes the same batches in the same order and takes its share
of each. What one device would see of the whole batch, all share here: gradients by
DistributedDataParallel, the statistics of batch norms, the ranges of activations, the loss. Random
numbers within a network, those of dropout, differ from one device's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from hwgen.errors import HwgenError
from hwgen.nn import QuantActivation, QuantConv2d, QuantLinear, penalty
from hwgen.nn.activation import rank_of_largest


def is_first() -> bool:
    """Tell whether this is the process that writes and prints."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def process_group() -> Iterator[None]:
    """Join the processes that `torchrun` started; without it there is one process, on the CPU."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def device_here() -> torch.device:
    """Give the GPU that is this process's under `torchrun`, where there is one, else the CPU."""
    if distributed.is_initialized() and torch.cuda.is_available():
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return torch.device("cpu")


def processes() -> int:
    """Count the processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def share(batch: Tensor) -> Tensor:
    """Give this process's samples of a batch, on its device.

    Raises
    ------
    HwgenError
        Where there are fewer samples than processes.
    """
    if len(batch) < processes():
        raise HwgenError(
            f"torchrun: every batch must have at least a sample for each of the {processes()} "
            f"processes, not {len(batch)} in all; start fewer"
        )
    if processes() > 1:
        batch = batch.tensor_split(processes())[distributed.get_rank()]
    return batch.to(device_here())


def of_all(mean: Tensor, count: int, of: int) -> Tensor:
    """Weigh a mean over `count` samples of `of`, so that the mean over processes is over all."""
    return mean * (processes() * count / of)


def mean_of_all(value: Tensor) -> float:
    """Average a number over the processes."""
    total = value.detach().clone()
    if processes() > 1:
        distributed.all_reduce(total)
    return float(total) / processes()


class Pass(nn.Module):
    """A network and its penalty in one forward pass, as DistributedDataParallel needs them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.quantized = any(isinstance(m, QuantLinear | QuantConv2d) for m in net.modules())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give what the network makes of `x`, and the penalty of its weights, 0 for floats."""
        result = self.net(x)
        return result, penalty(self.net) if self.quantized else result.new_zeros(())


@contextmanager
def together(net: nn.Module) -> Iterator[nn.Module]:
    """Give the forward pass of `net` for this process; at the end `net` is as it was, and trained.

    For that time its batch norms and its calibrating activations look at the batch of all.
    """
    if processes() == 1:
        yield Pass(net)
        return
    norms = [
        (net.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], module)
        for name, module in net.named_modules()
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    activations = [module for module in net.modules() if isinstance(module, QuantActivation)]
    for parent, name, norm in norms:
        setattr(parent, name, SharedBatchNorm(norm))
    for activation in activations:
        activation.percentile = percentile_of_all
    try:
        # a calibrating activation has no gradient yet
        yield DistributedDataParallel(Pass(net), find_unused_parameters=bool(activations))
    finally:
        for activation in activations:
            del activation.percentile
        for parent, name, norm in norms:
            setattr(parent, name, norm)


class _Sum(torch.autograd.Function):
    """Sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        total = mine.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def sum_of_all(mine: Tensor) -> Tensor:
    """Add up a tensor of every process; gradients go back to all of them."""
    return _Sum.apply(mine)


class SharedBatchNorm(nn.Module):
    """A batch norm in training whose mean and variance are those of the batches of all processes.

    `torch.nn.SyncBatchNorm` is for GPUs alone; this is for any device.
    """

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Normalize `x`, shape (samples, channels, ...), and follow the running statistics."""
        norm = self.norm
        dims = [0, *range(2, x.dim())]
        shape = (1, -1) + (1,) * (x.dim() - 2)
        count = x.new_tensor(x.numel() // x.shape[1])
        distributed.all_reduce(count)
        mean = sum_of_all(x.sum(dims)) / count
        centred = x - mean.reshape(shape)
        variance = sum_of_all(centred.square().sum(dims)) / count
        with torch.no_grad():
            norm.num_batches_tracked += 1
            norm.running_mean.lerp_(mean, norm.momentum)
            norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
        gain = norm.weight * torch.rsqrt(variance + norm.eps)
        return centred * gain.reshape(shape) + norm.bias.reshape(shape)


def percentile_of_all(magnitude: Tensor) -> Tensor:
    """Give the percentile of the values of all processes; only the largest are exchanged."""
    size = torch.tensor(magnitude.numel(), device=magnitude.device)
    distributed.all_reduce(size)
    above = int(size) - rank_of_largest(int(size)) + 1
    mine = magnitude.float().flatten().topk(min(above, magnitude.numel())).values
    mine = nn.functional.pad(mine, (0, above - len(mine)), value=-math.inf)
    everyone = [torch.empty_like(mine) for _ in range(processes())]
    distributed.all_gather(everyone, mine)
    return torch.cat(everyone).topk(above).values[-1]
