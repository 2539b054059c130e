"""A whole search of small networks: its front, its models, and the same command again."""

import json
from dataclasses import replace

import pytest

from hwgen.flow import build, load
from hwgen.synth.run import synthesise
from training.data.digits import digits
from training.explore.command import Exploration, write_front
from training.explore.finish import FRESH_SEEDS
from training.explore.goal import Goal
from training.explore.start import start
from training.recipes import RECIPES
from training.sweep.local import LocalWorkers

GOAL = Goal(target="ice40", max_luts=420)
SMALL = replace(RECIPES["digits"], widths=(12,), epochs=6, float_epochs=2)
MINUTES = 0.5


def explored(folder, minutes):
    with LocalWorkers(1) as workers:
        exploration = Exploration(folder, None, GOAL, workers, 1)
        points = exploration.search(start(SMALL, digits(), GOAL), minutes)
        found = exploration.end(points[-1:])
    write_front(folder, found, SMALL, GOAL)
    return json.loads((folder / "front.json").read_text())


def lines(path):
    return path.read_bytes().count(b"\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored")
    explored(folder, MINUTES)
    return folder


def test_the_front_is_tested_with_seeds_that_chose_nothing(folder):
    (entry,) = json.loads((folder / "front.json").read_text())["points"]
    rows = [json.loads(line) for line in (folder / "search.jsonl").read_text().splitlines()]
    assert not {row["seed"] for row in rows} & set(FRESH_SEEDS)
    assert len(rows) > 3
    fresh = [json.loads(line) for line in (folder / "fresh.jsonl").read_text().splitlines()]
    fresh = [row for row in fresh if row["units"] == entry["units"]]
    assert [row["seed"] for row in fresh] == list(FRESH_SEEDS) == entry["seeds"]
    scores = [row["score_integer"] for row in fresh]
    assert entry["score_mean"] == pytest.approx(sum(scores) / 3, abs=1e-3)
    assert entry["score_low"] == min(scores)
    assert entry["luts"] <= GOAL.max_luts
    assert (folder / "front.svg").read_text().startswith("<svg ")
    assert f"{entry['luts']:,}" in (folder / "front.md").read_text()


def test_a_model_builds_to_what_was_promised(folder, tmp_path):
    (entry,) = json.loads((folder / "front.json").read_text())["points"]
    graph = load(folder / entry["model"])
    build(graph, GOAL.options("normal"), tmp_path / "design")
    assert synthesise(tmp_path / "design", GOAL.target).luts == entry["luts"]
    assert graph.metadata["accuracy_integer"] == pytest.approx(entry["score_model"], abs=1e-3)
    assert graph.metadata["units"] == entry["units"]


@pytest.mark.slow  # the synthesis of every point again
def test_the_same_command_makes_nothing_anew(folder):
    names = ("search.jsonl", "fresh.jsonl")
    before = [lines(folder / name) for name in names]
    front = (folder / "front.json").read_bytes()
    explored(folder, MINUTES)
    assert [lines(folder / name) for name in names] == before
    assert (folder / "front.json").read_bytes() == front
