"""Inputs of a file as golden samples of its network: the bench of a design runs them first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hwgen.float_check.inputs import given_to
from hwgen.frontend.onnx.host import stream_integers
from hwgen.frontend.onnx.read import Imported
from hwgen.ir import Graph, Samples
from hwgen.reference import outputs

MOST_SAMPLES = 100  # that a design folder keeps


def with_samples(found: Imported, data: Path, labels: Path | None) -> Graph:
    """Give the network with the first inputs of `data` (.npy) as the stream carries them.

    Parameters
    ----------
    labels
        The class of each (.npy).

    Raises
    ------
    ModelError
        Where the data cannot be read or do not suit the file.
    """
    given = given_to(found, MOST_SAMPLES, data, labels)
    x = stream_integers(found, given.x)
    y = outputs(found.graph, x)
    return replace(found.graph, samples=Samples(x=x, y=y, labels=given.labels))
