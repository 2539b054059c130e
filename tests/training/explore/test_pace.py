"""A search ends in its time, and the time of all its runs counts: on a clock that tasks move."""

import json
import re
from dataclasses import replace

import pytest

from hwgen.errors import HwgenError
from training.data.digits import digits
from training.explore.exploration import Exploration
from training.explore.finish import FRESH_SEEDS
from training.explore.goal import Goal
from training.explore.pace import Clock, Deadline, Durations
from training.explore.start import start
from training.explore.tasks import FreshTrial, Synthesis
from training.recipes import RECIPES
from training.sweep.events import Finished
from training.sweep.rows import settings_of
from training.sweep.tasks import Trained

GOAL = Goal(target="xc7", max_luts=1500)
FIRST = start(RECIPES["digits"], digits(), GOAL)  # 60 epochs, after 30 of the float network
SYNTHESIS = 25.0


class Machine:
    """Workers whose tasks take the seconds that `takes` gives, on a clock of their own."""

    def __init__(self, slots, takes):
        self.slots, self.takes, self.now = slots, takes, 0.0
        self.running, self.taken = {}, []

    def start(self, number, task):
        seconds = self.takes(task)
        self.taken.append(seconds)
        self.running[number] = (self.now + seconds, task, seconds)

    def wait(self):
        number, (end, task, seconds) = min(self.running.items(), key=lambda item: item[1][0])
        del self.running[number]
        self.now = end
        return [Finished(number=number, result=result_of(task, seconds))]


def result_of(task, seconds):
    """About what a task of this recipe gives."""
    recipe = task.recipe
    luts = sum(recipe.units) * 45 + sum(recipe.widths) if recipe.units else 0
    if isinstance(task, Synthesis):
        return {"luts": luts - 5, "ffs": 10, "brams": 0}
    if task.trained is None:
        return b"float"
    found = {"luts": luts, "priced_luts": luts, "interval_cycles": 1, "slowest_nonzero": 9}
    found |= {"held_out_loss": 100 / luts, "score_integer": 90.0, "seconds": seconds}
    row = settings_of(recipe) | found
    return Trained(row=row, model=b"model") if isinstance(task, FreshTrial) else row


def takes(task, second_per_epoch=1.0):
    """Fresh ones have more samples, wide networks take longer."""
    if isinstance(task, Synthesis):
        return SYNTHESIS
    epochs = task.recipe.float_epochs / 2 if task.trained is None else task.recipe.epochs
    width = sum(task.recipe.widths) / 64
    more = 1.4 if isinstance(task, FreshTrial) else 1.0
    return 2 + second_per_epoch * epochs * more * (0.7 + 0.3 * width)


def explored(folder, machine, minutes):
    clock = Clock(folder / "seconds.txt", now=lambda: machine.now)
    exploration = Exploration(folder, None, GOAL, machine, 1, clock, minutes)
    return exploration.run(FIRST)


def seconds_in(folder):
    return float((folder / "seconds.txt").read_text())


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("minutes", [12, 20, 60])
def test_it_ends_in_its_minutes(slots, minutes, tmp_path):
    machine = Machine(slots, takes)
    found = explored(tmp_path, machine, minutes)
    assert (
        0.6 * 60 * minutes
        < machine.now
        <= max(1.1 * 60 * minutes, 60 * minutes + max(machine.taken))
    )
    assert seconds_in(tmp_path) == pytest.approx(max(machine.now, 60 * minutes), abs=0.1)
    assert 1 <= len(found) <= 5
    assert all(len(point.tested.rows) == len(FRESH_SEEDS) for point in found)
    assert all(point.luts <= GOAL.max_luts for point in found)


def test_a_machine_that_becomes_slower_is_noticed(tmp_path):
    machine = Machine(2, lambda task: takes(task) * (1 if machine.now < 400 else 2.5))
    explored(tmp_path, machine, 30)
    assert machine.now <= 1.1 * 30 * 60 + max(machine.taken)


def test_too_few_minutes_end_in_time_with_a_sentence(tmp_path):
    machine = Machine(1, takes)
    with pytest.raises(HwgenError) as caught:
        explored(tmp_path, machine, 2)
    said = re.fullmatch(
        r"explore: about (\d+) minutes must be given to find and test a network here, not 2; the "
        "same command with more minutes continues",
        str(caught.value),
    )
    assert 4 <= int(said[1]) <= 15
    assert machine.now <= 120
    spent = machine.now
    for _ in range(4):  # what is unknown at first is known after the next training
        again = Machine(1, takes)
        with pytest.raises(HwgenError):
            explored(tmp_path, again, 2)
        spent += again.now
    assert spent <= 120
    more = Machine(1, takes)
    explored(tmp_path, more, 12)
    assert seconds_in(tmp_path) == pytest.approx(max(spent + more.now, 12 * 60), abs=0.5)
    assert spent + more.now <= 1.1 * 12 * 60


def test_an_end_that_takes_much_longer_than_the_search_is_told(tmp_path):
    machine = Machine(1, lambda task: takes(task) * (5 if isinstance(task, FreshTrial) else 1))
    with pytest.raises(HwgenError) as caught:
        explored(tmp_path, machine, 12)
    assert re.fullmatch(
        r"explore: about \d+ minutes must be given to test and synthesise what was found, not 12; "
        "the same command with more minutes continues",
        str(caught.value),
    )
    assert machine.now <= 12 * 60 + max(machine.taken)


def test_an_interrupted_search_has_spent_its_time(tmp_path):
    machine = Machine(1, takes)
    beyond = Machine(1, takes)
    explored(tmp_path / "whole", beyond, 30)

    def until(task):
        if machine.now > 900:
            raise KeyboardInterrupt
        return takes(task)

    machine.takes = until
    folder = tmp_path / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        explored(folder, machine, 30)
    assert seconds_in(folder) == pytest.approx(machine.now, abs=0.1)
    rest = Machine(1, takes)
    explored(folder, rest, 30)
    assert machine.now + rest.now <= 1.1 * 30 * 60
    first, second = ((f / "search.jsonl").read_text() for f in (tmp_path / "whole", folder))
    units = [json.loads(line)["units"] for line in first.splitlines()]
    again = [json.loads(line)["units"] for line in second.splitlines()]
    assert again[: len(units) // 2] == units[: len(units) // 2]


def test_the_same_command_begins_nothing_after_its_end(tmp_path):
    machine = Machine(2, takes)
    found = explored(tmp_path, machine, 20)
    again = Machine(2, takes)
    same = explored(tmp_path, again, 20)
    assert [point.tested.recipe for point in same] == [point.tested.recipe for point in found]
    assert set(again.taken) == {SYNTHESIS}


def test_durations_are_those_measured_last():
    measured = Durations()
    assert measured.of(10, is_float=False) is None
    measured.add(10, 40.0, is_float=False)
    assert measured.of(5, is_float=False) == 20.0
    assert measured.of(5, is_float=True) is None
    measured.add(10, 10.0, is_float=True)
    assert (measured.of(5, is_float=True), measured.of(5, is_float=False)) == (5.0, 20.0)
    for _ in range(20):
        measured.add(10, 60.0, is_float=False)
    assert measured.of(10, is_float=False) == 60.0
    fresh = Durations(like=measured, factor=1.5)
    assert fresh.of(10, is_float=False) == 90.0
    fresh.add(10, 70.0, is_float=False)
    assert fresh.of(10, is_float=False) == 70.0
    recipe = replace(FIRST, epochs=10, float_epochs=10)
    assert measured.of_all(5, 2, recipe, slots=2) == 3 * 60.0 + 10.0


def test_a_float_network_needs_time_for_what_starts_from_it(tmp_path):
    machine, durations = Machine(1, takes), Durations()
    clock = Clock(tmp_path / "seconds.txt", now=lambda: machine.now)
    deadline = Deadline(clock, durations, lambda: 100.0)
    durations.add(FIRST.epochs, 60.0, is_float=False)
    durations.add(FIRST.float_epochs, 30.0, is_float=True)
    machine.now = 35.0
    assert deadline.allows(FIRST, is_float=False)
    assert not deadline.allows(FIRST, is_float=True)
    machine.now = 10.0
    assert deadline.allows(FIRST, is_float=True)
