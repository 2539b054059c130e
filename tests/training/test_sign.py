"""Two classes by the sign of one logit: trained, exported, measured; refused for more classes."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen import reference
from hwgen.errors import HwgenError
from hwgen.ir import Threshold
from hwgen.numeric import IntType
from training.build import quant_net
from training.data.dataset import Dataset
from training.recipes import RECIPES
from training.run import train_float, train_quantized


def silent(epoch):
    pass


def halves(samples=400, classes=2):
    """Which half of sixteen values has the larger sum; further classes never are."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2 * samples, 16))
    y = (x[:, :8].sum(1) > x[:, 8:].sum(1)).astype(np.int64)
    return Dataset(
        name="halves",
        classes=classes,
        type=IntType(bits=8, signed=False),
        scale=1 / 255,
        train_x=x[:samples],
        train_y=y[:samples],
        test_x=x[samples:],
        test_y=y[samples:],
    )


def test_one_logit_tells_two_classes():
    recipe = replace(
        RECIPES["nsl_kdd"],
        result="sign",
        widths=(12,),
        batch=32,
        learning_rate=1e-2,
        epochs=10,
        float_epochs=20,
    )
    dataset = halves()
    trained = train_float(recipe, dataset, silent)
    graph, figures = train_quantized(recipe, dataset, trained, silent)
    assert graph.result == "bits"
    assert isinstance(graph.nodes[-1], Threshold)
    assert len(graph.nodes[-1].thresholds) == 1
    bits = reference.outputs(graph, dataset.test_x)[:, 0]
    share = 100 * (bits == dataset.test_y).mean()
    assert figures.score_integer == pytest.approx(share)
    assert figures.score_float > 85
    assert share > 85


def test_more_classes_need_more_logits():
    recipe = replace(RECIPES["mnist"], result="sign")
    with pytest.raises(HwgenError) as caught:
        quant_net(recipe, halves(classes=3), 1)
    assert str(caught.value) == (
        "mnist: result must be argmax where there are not two classes, not sign; leave it out"
    )
