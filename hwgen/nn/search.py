"""The search of the integer projection: which gains a row can pay from its budget.

`S(lambda) = sum clip(floor(m_i - lambda + 0.5), 0, limit)` falls in steps of one as lambda grows.
On a CPU, where a sort costs as much as five training steps, Newton's method looks for a lambda at
which `S` is a few units below the budget; those go to the largest gains left, which
`topk` finds. In training the lambda of the step before is almost right, and two or three sums do.
Rows that resist, with many equal gains, and all rows on other devices, where a sort is cheap and a
look at a result stops the queue, are sorted. Both ways give the same integers: lambda is kept on
a binary grid, on which differences with it are exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

NEAR = range(2, 9)  # gains that topk takes at the end; more columns pay for more
COLUMNS_PER_GAIN = 64  # where torch's topk changes from a heap to a slower selection
ROUNDS = 16  # of Newton's method, until a row counts as resisting
GRID = 1024.0  # lambdas are multiples of 1 / GRID


@torch.library.custom_op("hwgen::project_magnitudes", mutates_args=())
def project_magnitudes(
    magnitude: Tensor, start: Tensor, budget: int, limit: int
) -> tuple[Tensor, Tensor]:
    """Project rows of magnitudes, shape (channels, K); give the integers and lambda.

    It is one operation for torch.compile, which cannot look into a search that ends when it is
    done.
    """
    columns = magnitude.shape[1]
    if magnitude.device.type != "cpu" or columns < NEAR.stop:
        return by_sort(magnitude, budget, limit)
    near = min(max(columns // COLUMNS_PER_GAIN, NEAR.start), NEAR.stop - 1)
    work = torch.empty_like(magnitude)
    shift, rest = _search(magnitude, start, budget, limit, near, work)
    torch.sub(magnitude, shift - 0.5, out=work).floor_()
    codes, threshold, resisting = _spend_near(magnitude, work, shift, rest, limit, near)
    if bool(resisting.any()):
        rows = resisting.flatten().nonzero().flatten()
        codes[rows], threshold[rows] = by_sort(magnitude[rows], budget, limit)
    return codes, threshold


@project_magnitudes.register_fake
def _shapes(magnitude: Tensor, start: Tensor, budget: int, limit: int) -> tuple[Tensor, Tensor]:
    return torch.empty_like(magnitude), magnitude.new_empty(len(magnitude), 1)


def _search(
    magnitude: Tensor, start: Tensor, budget: int, limit: int, near: int, work: Tensor
) -> tuple[Tensor, Tensor]:
    """Look for a lambda with `budget - near < S(lambda) <= budget`, or zero; give the rest too."""
    shift = (start * GRID).ceil_().div_(GRID)
    low, too_many = torch.zeros_like(shift), torch.zeros_like(shift)
    high, few = torch.full_like(shift, torch.inf), torch.zeros_like(shift)
    for last in (*[False] * (ROUNDS - 1), True):
        codes = torch.sub(magnitude, shift - 0.5, out=work).floor_().clamp_(0, limit)
        sums = codes.sum(dim=1, keepdim=True)
        rest = budget - sums
        fits = rest >= 0
        done = fits & ((rest < near) | (shift == 0))
        if last or bool(done.all()):
            break
        high, few = torch.where(fits, shift, high), torch.where(fits, sums, few)
        low, too_many = torch.where(fits, low, shift), torch.where(fits, too_many, sums)
        newton = shift - (rest - near // 2) / codes.clamp_(max=1).sum(dim=1, keepdim=True)
        chord = low + (high - low) * ((too_many - budget + near // 2) / (too_many - few))
        guess = torch.where(high - low < 1, chord, newton)
        guess = torch.where((guess < high) & (guess > low), guess, (low + high) / 2)
        shift = torch.where(done, shift, (guess * GRID).ceil_().div_(GRID))
    return shift, rest


def _spend_near(
    magnitude: Tensor, whole: Tensor, shift: Tensor, rest: Tensor, limit: int, near: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Give the rest of each budget to the largest gains left, and tell which rows resist.

    `whole` is `floor(m - shift + 0.5)`, and is used up. One unit each is right where the next gain
    of the first, one less, is not above those left.
    """
    codes = whole.clamp(0, limit)
    full = whole.sub_(limit - 1).clamp_(0, 1).mul_(-torch.finfo(whole.dtype).max)
    best, index = full.add_(magnitude).sub_(codes).topk(near, dim=1)
    last = rest.long().clamp_(0, near - 1)
    after = best.gather(1, last)  # the first gain that is not taken
    before = best.gather(1, (last - 1).clamp_min_(0))
    rank = torch.arange(near, dtype=codes.dtype, device=codes.device)
    codes.scatter_add_(1, index, ((rank < rest) & (best >= 0.5)).to(codes.dtype))
    unclear = (rest > 0) & ((before == after) | (best[:, :1] - 1 > after)) & (before >= 0.5)
    far = (rest < 0) | ((rest >= near) & (shift > 0))
    return codes, (after - 0.5).clamp_min_(0), far | unclear


def by_sort(magnitude: Tensor, budget: int, limit: int) -> tuple[Tensor, Tensor]:
    """Do the same without a look at the numbers: bisect the whole part of lambda, sort the rest."""
    codes = torch.floor(magnitude + 0.5)
    shift = _whole_shift(magnitude, codes, budget, limit)
    codes = (codes - shift).clamp_(0, limit)
    rest = budget - codes.sum(dim=1, keepdim=True)
    room = torch.where(codes < limit, magnitude - codes, 0.0)
    best, index = room.sort(dim=1, descending=True, stable=True)
    rank = torch.arange(room.shape[1], dtype=room.dtype, device=room.device)
    codes.scatter_add_(1, index, ((rank < rest) & (best >= 0.5)).to(codes.dtype))
    after = best.gather(1, rest.long().clamp_(0, room.shape[1] - 1))
    return codes, (after - 0.5).clamp_min_(0)


def _whole_shift(magnitude: Tensor, nearest: Tensor, budget: int, limit: int) -> Tensor:
    """Give the smallest whole lambda >= 0 that keeps the budget, shape (channels, 1).

    Of the `count` largest magnitudes not all can have the code `limit`, and fewer always may: that
    bounds lambda to an interval of `limit + 1` about the smallest of them.
    """
    count = budget // limit + 1
    if count > magnitude.shape[1]:
        return torch.zeros_like(magnitude[:, :1])
    pivot = magnitude.kthvalue(magnitude.shape[1] - count + 1, dim=1, keepdim=True).values
    inside = nearest.clamp(max=limit).sum(dim=1, keepdim=True) <= budget
    low = torch.floor(pivot - (limit + 0.5)).clamp_min_(0).masked_fill_(inside, 0)
    high = torch.ceil(pivot + 0.5).masked_fill_(inside, 0)
    for _ in range((limit + 2).bit_length()):
        middle = torch.floor((low + high) / 2)
        fits = (nearest - middle).clamp_(0, limit).sum(dim=1, keepdim=True) <= budget
        high = torch.where(fits, middle, high)
        low = torch.where(fits, low, middle)
    return high
