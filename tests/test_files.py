"""All or nothing: what was there before stays whatever happens in between."""

from pathlib import Path

import pytest

from hwgen.errors import ToolError
from hwgen.files import folder_beside, write_beside


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class Stop(BaseException):
    """Stands for ctrl-C."""


def write_and_stop(path, error):
    path.write_text("half")
    raise error


def test_a_file_is_written_and_its_folder_made(tmp_path):
    path = tmp_path / "deep" / "er" / "file.txt"
    with write_beside(path) as partial:
        assert partial.parent == path.parent
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, Stop])
def test_a_failed_write_leaves_the_file_as_it_was(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error), write_beside(path) as partial:
        write_and_stop(partial, error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_file_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "below.txt"
    with pytest.raises(ToolError) as caught, write_beside(path):
        pass
    assert str(caught.value) == (
        f"{path}: cannot be written (File exists); free the disk or choose another place"
    )


def test_a_folder_in_the_place_of_the_file(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(ToolError) as caught, write_beside(path):
        pass
    assert str(caught.value) == (
        f"{path}: cannot be written (Is a directory); free the disk or choose another place"
    )
    assert names(tmp_path) == ["folder"]


def test_a_full_disk(tmp_path):
    path = tmp_path / "file.txt"
    with pytest.raises(ToolError, match=r"\(No space left on device\)"), write_beside(path):
        Path("/dev/full").write_text("x" * 100_000)
    assert names(tmp_path) == []


def test_a_folder_takes_the_place_of_another(tmp_path):
    folder = tmp_path / "design"
    for content in ("one", "two"):
        with folder_beside(folder) as partial:
            assert names(partial) == []
            (partial / "design.json").write_text(content)
            (partial / content).write_text(content)
        assert names(folder) == ["design.json", content]
    assert folder.stat().st_mode & 0o777 == 0o755
    assert names(tmp_path) == ["design"]


@pytest.mark.parametrize("error", [ValueError, Stop])
def test_a_failed_build_leaves_the_folder_as_it_was(tmp_path, error):
    folder = tmp_path / "design"
    folder.mkdir()
    (folder / "design.json").write_text("old")
    with pytest.raises(error), folder_beside(folder) as partial:
        write_and_stop(partial / "new", error)
    assert names(folder) == ["design.json"]
    assert names(tmp_path) == ["design"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), Stop()])
def test_a_stop_between_the_two_renames_brings_the_old_folder_back(tmp_path, monkeypatch, error):
    folder = tmp_path / "design"
    folder.mkdir()
    (folder / "design.json").write_text("old")
    rename = Path.replace

    def fail_once(self, target):
        if target == folder and not self.name.endswith(".old"):
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    expected = ToolError if isinstance(error, OSError) else Stop
    with pytest.raises(expected), folder_beside(folder) as partial:
        (partial / "new").write_text("new")
    assert names(folder) == ["design.json"]
    assert names(tmp_path) == ["design"]


def test_a_folder_with_other_files_is_kept(tmp_path):
    folder = tmp_path / "home"
    (folder / "photos").mkdir(parents=True)
    with pytest.raises(ToolError) as caught, folder_beside(folder):
        pass
    assert str(caught.value) == (
        f"{folder}: must be missing, empty or an earlier design, and holds other files; "
        "choose another place"
    )
    assert names(folder) == ["photos"]
    assert names(tmp_path) == ["home"]


def test_a_file_in_the_place_of_the_folder_is_kept(tmp_path):
    path = tmp_path / "design"
    path.write_text("mine")
    with pytest.raises(ToolError) as caught, folder_beside(path):
        pass
    assert str(caught.value) == f"{path}: must be a folder, and is a file; choose another place"
    assert path.read_text() == "mine"
    assert names(tmp_path) == ["design"]


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "design").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "design")
    with folder_beside(link) as partial:
        (partial / "new").write_text("new")
    assert link.is_symlink()
    assert names(tmp_path / "disk") == ["design"]
    assert names(link) == ["new"]


def test_the_folder_that_one_is_in(tmp_path, monkeypatch):
    folder = tmp_path / "design"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with folder_beside(Path()) as partial:
        (partial / "new").write_text("new")
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["design"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "design"
    with pytest.raises(ToolError) as caught, folder_beside(folder):
        pass
    assert str(caught.value) == (
        f"{folder}: cannot be written (File exists); free the disk or choose another place"
    )
