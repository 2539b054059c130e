"""A whole search of small networks: its front, its models, and the same command again."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from hwgen.errors import HwgenError
from hwgen.flow import build, load
from hwgen.synth.run import synthesise
from training.data.digits import digits
from training.explore.command import write_front
from training.explore.exploration import Exploration
from training.explore.finish import FRESH_SEEDS
from training.explore.goal import Goal
from training.explore.pace import Clock
from training.explore.start import start
from training.recipes import RECIPES
from training.sweep.local import LocalWorkers

GOAL = Goal(target="ice40", max_luts=420)
SMALL = replace(RECIPES["digits"], widths=(12,), epochs=6, float_epochs=2)
MINUTES = (0.8, 1.6, 5.0)  # the later ones on a machine that has other work


def explored(folder):
    for minutes in MINUTES[:-1]:
        with suppress(HwgenError):
            return explored_in(folder, minutes)
    return explored_in(folder, MINUTES[-1])


def explored_in(folder, minutes):
    with LocalWorkers(1) as workers:
        clock = Clock(folder / "seconds.txt")
        exploration = Exploration(folder, None, GOAL, workers, 1, clock, minutes)
        points = exploration.search(start(SMALL, digits(), GOAL))
        found = exploration.end(points[-1:])
        clock.keep()
    write_front(folder, found, SMALL, GOAL, minutes)
    return json.loads((folder / "front.json").read_text())


def lines(path):
    return path.read_bytes().count(b"\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored")
    explored(folder)
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
    text = (folder / "front.md").read_text()
    assert f"{entry['luts']:,}" in text
    assert "    python -m training explore digits --target ice40 --max-luts 420 --minutes " in text
    assert f" --out {folder}\n" in text
    assert "    hwgen build point-1.pt -o point-1 --target ice40 --style unrolled\n" in text


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
    explored(folder)
    assert [lines(folder / name) for name in names] == before
    assert (folder / "front.json").read_bytes() == front
