"""A report tells the truth of a folder that was tampered with after any step."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.manifest import MANIFEST
from hwgen.report.page import make_report
from tests.report.designs import (
    add_proof,
    add_simulation,
    add_synthesis,
    build,
    edit,
    small_net,
    write_sealed,
)


@pytest.fixture
def folder(tmp_path):
    """A design with every result, all of them good."""
    folder = build(tmp_path / "design", small_net(metadata={"accuracy_integer": 90.0}))
    add_simulation(folder)
    add_proof(folder)
    add_synthesis(folder, "xc7")
    add_synthesis(folder, "ecp5", fmax_mhz=125.0)
    return folder


def document(folder):
    return json.loads(make_report(folder).with_suffix(".json").read_text())


def states(found):
    checks = dict(found["checks"])
    synthesis = checks.pop("synthesis")
    return {name: c["state"] for name, c in {**checks, **synthesis}.items()}


GOOD = {
    "simulation": "passed",
    "proof": "passed",
    "xc7": "passed",
    "ecp5": "passed",
    "ice40": "not run",
    "gowin": "not run",
}
OLD = dict.fromkeys(("simulation", "proof", "xc7", "ecp5"), "stale")


def test_a_whole_design_holds(folder):
    found = document(folder)
    assert states(found) == GOOD
    assert found["holds"]
    assert found["files"]["problem"] is None
    assert found["overflow"]["impossible"] is True
    page = (folder / "report.html").read_text()
    assert "PROVED: sample equals its integer network on every input" in page
    assert 'role="alert"' not in page


def swap(folder, name):
    """Put another design's file in the place of this one's."""
    other = build(folder.parent / "other", small_net(), style="folded", pe=2)
    shutil.copyfile(other / name, folder / name)


def other_vector(folder):
    with np.load(folder / "vectors.npz") as archive:
        arrays = dict(archive)
    arrays["y"] = arrays["y"] ^ 1
    np.savez(folder / "vectors.npz", **arrays)


def append(name):
    def change(folder):
        with (folder / name).open("ab") as file:
            file.write(b"\n")

    return change


TAMPERED = {
    "the Verilog edited": (append("sample.v"), ["sample.v"], OLD),
    "the Verilog of another design": (lambda f: swap(f, "sample.v"), ["sample.v"], OLD),
    "the Verilog deleted": (lambda f: (f / "sample.v").unlink(), ["sample.v"], OLD),
    "another plan": (lambda f: swap(f, "plan.json"), ["plan.json"], {"simulation": "stale"}),
    "no plan": (lambda f: (f / "plan.json").unlink(), ["plan.json"], {"simulation": "stale"}),
    "design.json edited": (
        lambda f: edit(f, "design.json", lambda d: d.update(clock="clk")),
        ["design.json"],
        {"proof": "stale"},
    ),
    "another vector": (other_vector, ["vectors.npz"], {"simulation": "stale"}),
    "another network": (
        append("network.npz"),
        ["network.npz"],
        {"simulation": "stale", "proof": "stale"},
    ),
    "another bench": (append("sim/streams.py"), ["sim/streams.py"], {"simulation": "stale"}),
    "no manifest": (
        lambda f: (f / MANIFEST).unlink(),
        [MANIFEST],
        {"simulation": "stale", "proof": "stale"},
    ),
    "a manifest that lists less": (
        lambda f: (f / MANIFEST).write_text(
            "".join(x for x in (f / MANIFEST).read_text().splitlines(True) if ".v\n" not in x)
        ),
        ["sample.v", "sim/bench.v"],
        {"simulation": "stale"},
    ),
}


@pytest.mark.parametrize(("tamper", "changed", "expected"), TAMPERED.values(), ids=TAMPERED)
def test_files_changed_after_the_results(folder, tamper, changed, expected):
    tamper(folder)
    found = document(folder)
    assert found["files"]["changed"] == changed
    assert states(found) == GOOD | expected
    assert not found["holds"]
    assert list(found["missing"])[:1] == ["simulation" if "simulation" in expected else "proof"]
    page = (folder / "report.html").read_text()
    assert page.index('role="alert"') < page.index("<h1>")
    assert ("equal, bit for bit" in page) == ("simulation" not in expected)
    assert ("LUTs by layer" in page) == ("xc7" not in expected)
    assert ("125.0\xa0MHz" in page) == ("ecp5" not in expected)


RESULTS = {
    "an edited simulation": (
        lambda f: edit(f, "sim/result.json", lambda d: d.update(vectors=1000)),
        {"simulation": "stale"},
        "it was changed after it was written",
    ),
    "a simulation without digests": (
        lambda f: edit(f, "sim/result.json", lambda d: (d.pop("made_from"), d.pop("seal"))),
        {"simulation": "stale"},
        "it has no digests, as an older hwgen wrote it",
    ),
    "no simulation": (
        lambda f: (f / "sim" / "result.json").unlink(),
        {"simulation": "not run"},
        None,
    ),
    "an edited proof": (
        lambda f: edit(f, "proof.json", lambda d: d.update(proved=False)),
        {"proof": "stale"},
        "it was changed after it was written",
    ),
    "no proof": (lambda f: (f / "proof.json").unlink(), {"proof": "not run"}, None),
    "an edited synthesis": (
        lambda f: edit(f, "synth/xc7.json", lambda d: d.update(luts=1)),
        {"xc7": "stale"},
        "it was changed after it was written",
    ),
    "the synthesis of another target": (
        lambda f: shutil.copyfile(f / "synth" / "ecp5.json", f / "synth" / "xc7.json"),
        {"xc7": "stale"},
        "it is for ecp5",
    ),
    "the synthesis of another top": (
        lambda f: add_synthesis(f, "xc7", top="other"),
        {"xc7": "stale"},
        "it is of other",
    ),
    "a result of other files": (
        lambda f: add_synthesis(f, "xc7", made_from={"other.v": None}),
        {"xc7": "stale"},
        "it is not of sample.v",
    ),
}


@pytest.mark.parametrize(("tamper", "expected", "reason"), RESULTS.values(), ids=RESULTS)
def test_results_changed_after_their_step(folder, tamper, expected, reason):
    tamper(folder)
    found = document(folder)
    assert found["files"]["changed"] == []
    assert states(found) == GOOD | expected
    checks = found["checks"] | found["checks"]["synthesis"]
    assert [checks[name]["reason"] for name in expected] == [reason]
    assert found["holds"] == (reason is None)


def test_the_synthesis_of_another_design_shows_no_figure(folder):
    other = build(folder.parent / "other", small_net(), style="folded", pe=2)
    add_synthesis(other, "xc7", luts=4321)
    shutil.copyfile(other / "synth" / "xc7.json", folder / "synth" / "xc7.json")
    found = document(folder)
    assert found["checks"]["synthesis"]["xc7"] == {
        "state": "stale",
        "reason": "sample.v changed since",
        "command": "hwgen synth design --target xc7",
    }
    assert [target["target"] for target in found["targets"]] == ["ecp5"]
    assert "4,321" not in (folder / "report.html").read_text()


def test_a_failed_proof_stands_first(folder):
    add_proof(folder, problem="sample__fc0, lane 0: must be a multiple of the row")
    found = document(folder)
    assert states(found) == GOOD | {"proof": "failed"}
    assert found["checks"]["proof"]["reason"].startswith("sample__fc0, lane 0")
    assert found["overflow"]["impossible"] is None
    page = (folder / "report.html").read_text()
    main = page[page.index("<main>") :]
    assert main.startswith(
        '<main><div class="alarm" role="alert"><p><strong>\N{BALLOT X} proof failed'
    )
    assert "No accumulator can overflow" not in page
    result = CliRunner().invoke(app, ["report", str(folder)])
    assert result.exit_code == 1
    assert result.output.splitlines()[:2] == [
        "sample: proof FAILED; simulation passed; synthesis xc7 passed; synthesis ecp5 passed; not "
        "run: synthesis ice40, synthesis gowin",
        "proof failed: sample__fc0, lane 0: must be a multiple of the row",
    ]


def test_results_made_with_a_changed_reference_are_stale_even_when_new(folder):
    """What passed passed against other vectors and another network than those of the build."""
    other_vector(folder)
    append("network.npz")(folder)
    add_simulation(folder)
    add_proof(folder)
    found = document(folder)
    assert states(found) == GOOD | {"simulation": "stale", "proof": "stale"}
    reasons = [found["checks"][name]["reason"] for name in ("simulation", "proof")]
    assert reasons == [
        "it is of network.npz and vectors.npz, not as built",
        "it is of network.npz, not as built",
    ]


def test_new_results_of_edited_verilog_are_of_it(folder):
    append("sample.v")(folder)
    for add in (add_simulation, add_proof, add_synthesis):
        add(folder)
    found = document(folder)
    assert states(found) == GOOD | {"ecp5": "stale"}
    assert found["files"]["problem"] == "sample.v is not as the build wrote it"
    assert found["overflow"]["impossible"] is True  # proved of this Verilog
    assert not found["holds"]


def test_figures_of_the_plan_are_not_those_of_other_verilog(folder):
    append("sample.v")(folder)
    found = document(folder)
    assert found["overflow"]["impossible"] is None
    page = (folder / "report.html").read_text()
    assert page.count("The files are not those of one build, and no check of them passed.") == 3


def test_a_report_that_holds_ends_with_0_and_one_that_was_not_checked_too(folder, tmp_path):
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    bare = build(tmp_path / "bare")
    assert CliRunner().invoke(app, ["report", str(bare)]).exit_code == 0


def test_a_sealed_result_with_wrong_values_is_refused(folder):
    path = folder / "proof.json"
    write_sealed(path, json.loads(path.read_text()) | {"proved": "yes"})
    result = CliRunner().invoke(app, ["report", str(folder)])
    assert result.exit_code == 2
    assert result.output == (
        f'hwgen: {path}: proved must be true or false, not "yes"; write the file again with '
        "`hwgen prove`\n"
    )


def test_a_damaged_manifest_is_refused(folder):
    (folder / MANIFEST).write_text("nonsense\n")
    result = CliRunner().invoke(app, ["report", str(folder)])
    assert result.exit_code == 2
    assert result.output == (
        f"hwgen: {folder / MANIFEST}: line 1 must be a digest and a file's name; build the design "
        "again\n"
    )
