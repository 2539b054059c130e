"""The tensors of a float network in a checkpoint as people write them.

A checkpoint may hold the `state_dict` beside the optimizer's and an epoch, and its names may begin
with what `torch.compile` and data parallel wrappers put before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from torch import Tensor

from hwgen.errors import ModelError

COMPILED = "_orig_mod."  # torch.compile's, of the whole network or of parts of it
PARALLEL = "module."  # of DataParallel, DistributedDataParallel and averaged models
DEPTH = 3

State = dict[str, Tensor]


def tensors_of(content: object, path: Path) -> State:
    """Find the one state_dict in what a file holds.

    Raises
    ------
    ModelError
        Where there is none, or more than one.
    """
    found = dict(_states(content, "", DEPTH))
    if not found:
        raise ModelError(
            f"{path}: must be a whole state_dict written by torch.save, of tensors alone, and is "
            "not; save it with torch.save(net.state_dict(), path)"
        )
    if len(found) > 1:
        raise ModelError(
            f"{path}: must hold one state_dict, not {len(found)}, {', '.join(found)}; save one of "
            "them alone with torch.save"
        )
    return next(iter(found.values()))


def _states(content: object, place: str, depth: int) -> Iterator[tuple[str, State]]:
    if not isinstance(content, dict) or not content or depth == 0:
        return
    if all(isinstance(key, str) and isinstance(t, Tensor) for key, t in content.items()):
        yield place, content
        return
    for key, value in content.items():
        yield from _states(value, f"{place}.{key}".removeprefix("."), depth - 1)


def without_wrappers(state: State, wanted: Iterable[str]) -> State:
    """Give the tensors by the names of the network itself, `wanted` among them."""
    ours = tuple(wanted)
    if not any(COMPILED in name for name in ours):
        state = {name.replace(COMPILED, ""): tensor for name, tensor in state.items()}
    if not any(name.startswith(PARALLEL) for name in ours):
        while state and all(name.startswith(PARALLEL) for name in state):
            state = {name.removeprefix(PARALLEL): tensor for name, tensor in state.items()}
    return state
