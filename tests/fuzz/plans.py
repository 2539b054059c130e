"""Plans edited at random and given to `hwgen build --plan`."""

import json

import numpy as np

from hwgen.flow import load
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.plan_file import CHOICES, read_plan
from hwgen.reference import outputs
from tests.fuzz.cases import run
from tests.fuzz.damage import damaged_document, damaged_json, plain_value
from tests.fuzz.folders import STYLES
from tests.fuzz.models import same_network


def a_plan(home, place, seed):
    """Change any value, or the bytes; stages doubled, dropped, swapped."""
    rng = np.random.default_rng(seed)
    text = (home / rng.choice(STYLES) / "plan.json").read_bytes()
    if rng.random() < 0.5:
        document = json.loads(text)
        damaged_document(rng, document["stages"], plain_value)
        text = json.dumps(document).encode()
    else:
        text = damaged_json(rng, text)
    (place / "p.json").write_bytes(text)
    try_plan(home, place)


def choices_of_a_plan(home, place, seed):
    """Change the choices, from which the rest is planned again."""
    rng = np.random.default_rng(seed)
    document = json.loads((home / rng.choice(STYLES) / "plan.json").read_text())
    choices = {key: document[key] for key in CHOICES}
    document |= damaged_document(rng, choices, plain_value)
    (place / "p.json").write_text(json.dumps(document))
    try_plan(home, place)


def try_plan(home, place):
    """Build from the plan; what is built must be the network."""
    model = home / "dense.pt"
    if run("build", model, "-o", place / "d", "--plan", place / "p.json") != 0:
        assert [path.name for path in place.iterdir()] == ["p.json"]
        return
    graph = load(model)
    same_network(place / "d", graph)
    plan = read_plan(place / "d" / "plan.json")
    x = np.random.default_rng(0).integers(0, 16, (64, 4))
    assert np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), outputs(graph, x))
