"""Opens the files of data sets; a missing or damaged one is one sentence."""

from __future__ import annotations

import gzip
import lzma
import os
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np

from hwgen.errors import HwgenError

FOLDER_VARIABLE = "HWGEN_DATA"


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


def read_bytes(path: Path) -> bytes:
    """Read a whole file, unpacked where its name ends in .gz or .xz.

    Raises
    ------
    HwgenError
        Where it is missing or damaged.
    """
    if not path.is_file():
        raise HwgenError(
            f"data: {path} must be there, and is not; fetch the data set or use digits"
        )
    packed = path.read_bytes()
    try:
        if path.suffix == ".xz":
            return lzma.decompress(packed)
        return gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (lzma.LZMAError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise HwgenError(
            f"data: {path} must be a whole {path.suffix} file ({error}); fetch it again"
        ) from None


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an .npz file; the one of an .npy file is named `array`.

    Raises
    ------
    HwgenError
        Where the file is missing or damaged.
    """
    try:
        loaded = np.load(BytesIO(read_bytes(path)), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"array": loaded}
        return {name: loaded[name] for name in loaded.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error):
        raise HwgenError(f"data: {path} must hold NumPy arrays; fetch it again") from None


def find(places: tuple[Path, ...], name: str) -> Path | None:
    """First of `places` that holds a file `name`; None where none does."""
    return next((place for place in places if (place / name).is_file()), None)
