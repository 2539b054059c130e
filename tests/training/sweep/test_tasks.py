"""Which trainings share a float network."""

import json
from dataclasses import replace

import pytest

from training.recipes import RECIPES, with_method
from training.sweep.rows import recipe_of, settings_of
from training.sweep.tasks import Failure, Task, float_recipe, perform_unwatched

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


def test_an_error_of_torch_is_shown_as_what_it_is(monkeypatch):
    def fails(*_):
        raise ValueError("Expected more than 1 value per channel")

    monkeypatch.setattr("training.sweep.tasks.train_float", fails)
    recipe = float_recipe(RECIPES["digits"])
    task = Task(recipe=recipe, trained=None, data=None, threads=1)
    assert perform_unwatched(task) == Failure(
        error="digits: must train, and ended in ValueError: Expected more than 1 value per channel"
    )


def test_a_row_gives_its_recipe_back():
    recipe = replace(MNIST, units=(9, 8), accumulator_bits=None, seed=3, layers="dense1=u4")
    assert recipe_of(json.loads(json.dumps(settings_of(recipe)))) == recipe
