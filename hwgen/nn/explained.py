"""Says which module of a model breaks, where torch itself cannot run the model.

A tensor of another shape or a setting of another type shows first somewhere in the reading. So
when that fails, the modules are run one after the other on one sample, and the first that fails is
named with torch's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from hwgen.errors import HwgenError, ModelError
from hwgen.nn.trace import FAILURES, Call, first_line


@contextmanager
def explained(
    name: str, calls: list[Call], shape: tuple[int, ...], *, whole: bool = False
) -> Iterator[None]:
    """Refuse a model that its own modules cannot compute, where the block fails for that.

    Parameters
    ----------
    name
        Of the model, with which the sentence begins.
    calls
        Of the model in float64 and evaluation mode.
    shape
        Of one input.
    whole
        Whether the block runs the model itself, whose forward may fail where no module does.

    Raises
    ------
    ModelError
        Where a module fails, or the forward of the whole; what the block raises for any other
        reason stays as it is.
    """
    try:
        yield
    except HwgenError:
        raise
    except FAILURES as error:
        problem = _first_failure(calls, shape)
        if problem is not None:
            raise ModelError(f"{name}: {problem}") from None
        if not whole:
            raise
        raise ModelError(
            f"{name}: forward must compute what its modules do, and fails "
            f"({first_line(error)}); mend it"
        ) from error


def _first_failure(calls: list[Call], shape: tuple[int, ...]) -> str | None:
    values: dict[str | None, Tensor] = {None: torch.zeros(1, *shape, dtype=torch.float64)}
    for call in calls:
        try:
            with torch.no_grad():
                values[call.key] = call.module(*(values[source] for source in call.sources))
        except FAILURES as error:
            return (
                f"{call.path}: must compute in torch what it is given, and fails "
                f"({first_line(error)}); mend its tensors and settings"
            )
    return None
