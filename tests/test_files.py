"""All or nothing: what was there before stays whatever happens in between."""

from pathlib import Path

import pytest

from hwgen.errors import ToolError
from hwgen.files import check_file, check_folder, folder_beside, write_beside


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
        f"{path}: cannot be written (Not a directory); free the disk or choose another place"
    )


def test_a_folder_in_the_place_of_the_file(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(ToolError) as caught, write_beside(path):
        pass
    assert str(caught.value) == (f"{path}: must be a file, and is a folder; name a file in it")
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
        f"{folder}: cannot be written (Not a directory); free the disk or choose another place"
    )


def refusal(check, path, **room):
    """What a check says of a place."""
    with pytest.raises(ToolError) as caught:
        check(path, **room)
    return str(caught.value)


def test_a_good_place_is_left_as_it_was(tmp_path):
    (tmp_path / "old").write_text("old")
    check_file(tmp_path / "new" / "deep" / "file")
    check_file(tmp_path / "old")
    check_folder(tmp_path / "new" / "folder")
    assert names(tmp_path) == ["old"]


def test_a_device_is_not_replaced():
    said = refusal(check_file, Path("/dev/null"))
    assert said == "/dev/null: must be a file, and is a device; choose another place"


def test_a_name_that_is_too_long_and_the_longest_that_is_not(tmp_path):
    path = tmp_path / ("x" * 256)
    assert refusal(check_file, path) == (
        f"{path}: cannot be written (File name too long); free the disk or choose another place"
    )
    with write_beside(tmp_path / ("x" * 255)) as partial:
        partial.write_text("new")
    with folder_beside(tmp_path / ("y" * 255)) as partial:
        (partial / "new").write_text("new")
    assert names(tmp_path) == ["x" * 255, "y" * 255]


def test_links_that_go_round(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refusal(check_file, tmp_path / "a") == (
        f"{tmp_path / 'a'}: cannot be written (Too many levels of symbolic links); "
        "free the disk or choose another place"
    )


def test_the_goal_of_a_link_to_a_file_is_written(tmp_path):
    for goal in ("there", "missing"):
        link = tmp_path / f"to_{goal}"
        link.symlink_to(tmp_path / goal)
        with write_beside(link) as partial:
            partial.write_text("new")
        assert link.is_symlink()
        assert (tmp_path / goal).read_text() == "new"


def test_a_place_where_nobody_may_write():
    path = Path("/proc/model.pt")
    assert refusal(check_file, path).startswith("/proc/model.pt: cannot be written (")
    assert refusal(check_folder, path).startswith("/proc/model.pt: cannot be written (")


def test_what_is_read_only_is_not_replaced(as_nobody):
    file = as_nobody / "file"
    file.write_text("mine")
    file.chmod(0o444)
    said = f"{file}: must be writable, and is read-only; allow it or choose another place"
    assert refusal(check_file, file) == said
    folder = as_nobody / "design"
    folder.mkdir()
    (folder / "design.json").write_text("{}")
    folder.chmod(0o555)
    said = f"{folder}: must be writable, and is read-only; allow it or choose another place"
    assert refusal(check_folder, folder) == said
    below = folder / "proof.json"
    assert refusal(check_file, below) == (
        f"{below}: cannot be written (Permission denied); free the disk or choose another place"
    )


def test_a_disk_without_room(tmp_path):
    path = tmp_path / "file"
    pattern = (
        rf"{path}: must have room for about 1073741824\.0 MiB, and the disk has [\d.]+ MiB left; "
    )
    with pytest.raises(ToolError, match=pattern + "free the disk or choose another place"):
        check_file(path, room_bytes=1 << 50)


def test_a_disk_that_is_mounted_is_not_replaced(tmp_path, monkeypatch):
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda self: self == folder)
    assert refusal(check_folder, folder) == (
        f"{folder}: must be a folder that can be replaced, and a disk is mounted there; "
        "name a folder in it"
    )
