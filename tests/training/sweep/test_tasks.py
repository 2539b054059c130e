"""Which trainings share a float network."""

from dataclasses import replace

import pytest

from training.recipes import RECIPES, with_method
from training.sweep.tasks import float_recipe

MNIST = RECIPES["mnist"]


@pytest.mark.parametrize(
    "changes", [{"weight_bits": 2}, {"epochs": 1}, {"backward": "identity"}, {"constrain": "all"}]
)
def test_settings_of_the_quantized_network_alone_share_one(changes):
    assert float_recipe(replace(with_method(MNIST, "a2q", 9), **changes)) == float_recipe(MNIST)


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"widths": (8,)}, {"float_epochs": 1}, {"learning_rate": 0.1}]
)
def test_all_others_need_their_own(changes):
    assert float_recipe(replace(MNIST, **changes)) != float_recipe(MNIST)


def test_a_learning_rate_of_the_float_network_frees_it_of_the_other():
    own = replace(MNIST, float_learning_rate=0.01)
    assert float_recipe(replace(own, learning_rate=0.1)) == float_recipe(own)
    assert float_recipe(replace(own, float_learning_rate=0.1)) != float_recipe(own)
