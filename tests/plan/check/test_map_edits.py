"""plan.json of folded windows on a map, edited by hand: what is wrong is refused with its place."""

import json

import pytest

from hwgen.errors import PlanError
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_document, plan_from_file
from hwgen.plan.planner import plan_design
from tests.tiny_maps import MapNet

NET = MapNet(1, (3, 4, 5)).conv(6, (3, 3), padding=(1, 1)).act("u4").graph()


def kind(document, name):
    (stage,) = (stage for stage in document["stages"] if stage["kind"] == name)
    return stage


def unit(document):
    return kind(document, "FoldedDense")


EDITS = {
    "results in lanes of a bit": (
        lambda d: [lane.update(bits=1) for lane in kind(d, "Reorder")["outputs"]["lanes"]],
        r"stages\[\d\]\.outputs\.lanes\[0\]: must hold \[0, 15\], not u1; widen it",
    ),
    "results that read as negative": (
        lambda d: [lane.update(signed=True) for lane in kind(d, "Reorder")["outputs"]["lanes"]],
        r"outputs\.lanes\[0\]: must hold \[0, 15\], not s4; widen it",
    ),
    "a lane of a million bits": (
        lambda d: kind(d, "Reorder")["outputs"]["lanes"][0].update(bits=1_000_000),
        r"outputs\.lanes\[0\]: must have at most 64 bits, not 1000000; undo the edit",
    ),
    "no set of PEs": (
        lambda d: unit(d)["pe_sets"].pop(),
        r"stages\[\d\]\.pe_sets: must hold a set of PEs; undo the edit",
    ),
    "an end of a row too few": (
        lambda d: unit(d)["pe_sets"][0]["ends"].pop(),
        r"stages\[\d\]\.turns: must hold set 0 once for each of the \d ends of its rows",
    ),
    "a turn of another set": (
        lambda d: unit(d)["turns"][0].append(9),
        r"stages\[\d\]\.turns",
    ),
    "elements counted, not named": (
        lambda d: unit(d).update(counted=True),
        r"stages\[\d\]\.counted: must be false for windows of a map; undo the edit",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), EDITS.values(), ids=EDITS)
def test_a_wrong_edit_is_refused(tmp_path, edit, sentence):
    options = BuildOptions(style="folded", pe=2, simd=1, pixels=5)
    document = plan_document(plan_design(NET, options))
    edit(document)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(PlanError, match=sentence):
        plan_from_file(NET, path)
