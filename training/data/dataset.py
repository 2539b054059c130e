"""What a data set hands to training: integers with a type and a scale, and class labels."""

from __future__ import annotations

import lzma
import math
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hwgen.errors import HwgenError
from hwgen.numeric import IntArray, IntType

FOLDER_VARIABLE = "HWGEN_DATA"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Integer inputs that stand for `scale` times themselves, and labels.

    Inputs are (samples, features), or (samples, channels, height, width);
    `train_y` and `test_y` are class indices, shape (samples,).
    """

    name: str
    classes: int
    type: IntType
    scale: float
    train_x: IntArray
    train_y: IntArray
    test_x: IntArray
    test_y: IntArray

    def __post_init__(self) -> None:
        for x in (self.train_x, self.test_x):
            if x.min() < self.type.lo or x.max() > self.type.hi:
                raise ValueError(f"{self.name}: inputs must be {self.type}")

    @property
    def features(self) -> int:
        """Number of values in one input."""
        return math.prod(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train_x.shape[1:]

    def real(self, x: IntArray) -> Tensor:
        """Scale integer inputs to the real values that a network is trained on."""
        return torch.from_numpy(x * self.scale).float()


def data_folder(given: Path | None) -> Path:
    """The folder of the data sets: as given, else by the environment, else beside the repository.

    Raises
    ------
    HwgenError
        Where none of them is there.
    """
    variable = os.environ.get(FOLDER_VARIABLE)
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = given or (Path(variable) if variable else beside)
    if not folder.is_dir():
        raise HwgenError(
            f"data: must be a folder with the data sets, not {folder}, which is not there; give it "
            f"by --data or {FOLDER_VARIABLE}, or train the recipe digits, which needs none"
        )
    return folder


def open_xz(path: Path) -> BytesIO:
    """Unpack an .xz file into memory.

    Raises
    ------
    HwgenError
        Where it is missing or damaged.
    """
    if not path.is_file():
        raise HwgenError(
            f"data: {path} must be there, and is not; fetch the data set or use digits"
        )
    try:
        return BytesIO(lzma.decompress(path.read_bytes()))
    except lzma.LZMAError as error:
        raise HwgenError(
            f"data: {path} must be a whole .xz file ({error}); fetch it again"
        ) from None


def quantize(x: np.ndarray, kind: IntType, scale: float) -> IntArray:
    """Nearest integers of a type for real values, halves upwards, clipped to the type."""
    return np.floor(x / scale + 0.5).clip(kind.lo, kind.hi).astype(np.int64)
