"""Trained networks beside the rows: each is trained once, also over an interruption."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from hwgen.files import write_beside
from training.recipes import Recipe
from training.sweep.rows import settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatStore:
    """A folder with a file for each network, float ones mostly, named by its settings."""

    folder: Path

    def read(self, recipe: Recipe) -> bytes | None:
        """Give a network that was written before, else None."""
        path = self._path(recipe)
        return path.read_bytes() if path.is_file() else None

    def write(self, recipe: Recipe, trained: bytes) -> None:
        """Keep a network; the file is whole or not there."""
        with write_beside(self._path(recipe)) as partial:
            partial.write_bytes(trained)

    def _path(self, recipe: Recipe) -> Path:
        settings = json.dumps(settings_of(recipe), sort_keys=True).encode()
        digest = hashlib.sha256(settings).hexdigest()[:16]
        return self.folder / f"{recipe.name}-s{recipe.seed}-{digest}.pt"
