"""plan.json of a network with branches, edited by hand: how stages are wired is checked."""

import json

import pytest

from hwgen.errors import PlanError
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file
from hwgen.plan.planner import plan_design
from tests.tiny_graphs import residual

QUEUE, JOIN = 9, 10  # stages of the plan


def residual_plan():
    """Of three convolutions, the stages 0 to 8, and what the first gives is added (stage 10)."""
    return plan_design(residual(), BuildOptions(style="unrolled", effort="low"))


def edited(tmp_path, change):
    """The plan of a residual block from its plan.json, changed."""
    document = plan_document(residual_plan())
    change(document)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return plan_from_file(residual(), path)


def test_a_longer_queue_is_taken_and_a_shorter_one_has_its_interval(tmp_path):
    plan = residual_plan()
    for by in (1, -1):

        def change(document, by=by):
            document["stages"][QUEUE]["depth"] += by

        found = edited(tmp_path, change)
        assert found.stages[QUEUE].depth == plan.stages[QUEUE].depth + by
        assert (found.interval_cycles > 20) == (by < 0)


def set_reads(index, to):
    def change(document):
        document["reads"][index] = to

    return change


def drop_reads(document):
    document["reads"].pop()


def another_image(document):
    document["stages"][8]["outputs"]["image"] = [5, 4]


def no_queue(document):
    """Both ways of the fork without a queue."""
    del document["stages"][QUEUE]
    document["reads"] = [*document["reads"][:9], [8, 2], [9]]


WRONG = {
    "too few": (drop_reads, "plan.json.reads: must have an item for each of 12 stages"),
    "a later stage": (
        set_reads(4, [5]),
        "plan.json.reads[4]: must be stages before it, or -1 for what enters the design; undo "
        "the edit",
    ),
    "nothing": (
        set_reads(4, []),
        "plan.json.reads[4]: must be stages before it, or -1 for what enters the design; undo "
        "the edit",
    ),
    "an unread stage": (
        set_reads(11, [9]),
        "plan.json.reads: the last stage must be read by none, and every other by one at the "
        "least, unlike stages[10]; undo the edit",
    ),
    "the input beside another only": (
        set_reads(0, [-1, -1]),
        "plan.json.reads: a stage must read [-1], what enters the design, alone",
    ),
    "a fork without queues": (
        no_queue,
        "plan.json.reads: all but one of those that read stages[2] must be queues (Fifo), and 3 "
        "and 9 are not; undo the edit",
    ),
    "a map of another size": (
        another_image,
        "plan.json.reads[10]: streams side by side must be of one image, in as many beats, a "
        "neighbour in each, with every element once; undo the edit",
    ),
    "a stream of other lanes": (
        set_reads(QUEUE, [0]),
        "plan.json.stages[9].inputs: must be the outputs of stages[0]; change both alike",
    ),
    "swapped sources": (
        set_reads(JOIN, [9, 8]),
        "plan.json.reads[10]: join6 must get what layers [2, 0] give (-1 is the input), not "
        "[0, 2]; undo the edit",
    ),
    "another source": (
        set_reads(QUEUE, [5]),
        "plan.json.reads[10]: join6 must get what layers [2, 0] give (-1 is the input), not "
        "[2, 1]; undo the edit",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_wiring_is_refused(tmp_path, change, sentence):
    with pytest.raises(PlanError) as caught:
        edited(tmp_path, change)
    assert str(caught.value) == sentence
