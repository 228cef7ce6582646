"""The demo's folder: one run at a time, secrets of its own, and a sentence for whatever stands in the way."""

import errno
import shutil
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from clarify_site.home import settings_of_the_running_demo
from deploy.local.folder import DemoFolder, writing
from deploy.local.processes import CannotRun


@pytest.fixture
def folder(tmp_path: Path) -> DemoFolder:
    return DemoFolder(tmp_path)


def test_two_demos_at_once_are_one_too_many(folder: DemoFolder) -> None:
    with folder.locked(), pytest.raises(CannotRun, match="already runs"), DemoFolder(folder.path.parent).locked():
        pass
    with folder.locked():
        pass


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(folder: DemoFolder) -> None:
    folder.prepare()
    value = folder.secret("secret-key", 50)
    assert len(value) >= 50
    assert folder.secret("secret-key", 50) == value
    assert stat.S_IMODE((folder.path / "secret-key").stat().st_mode) == 0o600


def test_another_folder_has_another_secret(folder: DemoFolder, tmp_path: Path) -> None:
    another = DemoFolder(tmp_path / "another")
    for each in (folder, another):
        each.prepare()
    assert folder.secret("secret-key", 50) != another.secret("secret-key", 50)


def test_folders_to_import_lie_where_a_reset_does_not_reach(folder: DemoFolder, tmp_path: Path) -> None:
    folder.prepare()
    env = folder.environment(database_url="", redis_url="", port=8000)
    birds = Path(env["IMPORT_ROOT"]) / "birds"
    birds.mkdir()
    folder.reset()
    assert birds.is_dir() and birds.parent == tmp_path / "import"


def test_a_nearly_full_disk_is_told_before_anything_starts(folder: DemoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 5 * 1024**2))
    with pytest.raises(CannotRun, match="Only 5 MB are free"):
        folder.prepare()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full. Free some space"),
        (errno.EROFS, "cannot be written"),
        (errno.EACCES, "cannot be written"),
    ],
)
def test_what_the_file_system_refuses_is_told_in_a_sentence(tmp_path: Path, number: int, sentence: str) -> None:
    with pytest.raises(CannotRun, match=sentence), writing(tmp_path):
        raise OSError(number, "refused", str(tmp_path))


def test_a_file_in_the_place_of_the_folder_is_not_taken_for_a_missing_right(folder: DemoFolder) -> None:
    folder.path.parent.mkdir(exist_ok=True)
    folder.path.write_text("not a folder")
    with pytest.raises(FileExistsError):
        folder.prepare()


def test_reset_removes_what_demos_made_and_nothing_beside_it(folder: DemoFolder) -> None:
    folder.prepare()
    folder.secret("secret-key", 50)
    beside = folder.path.parent / "somebody's own"
    beside.mkdir()
    folder.reset()
    folder.reset()
    assert not folder.path.exists()
    assert beside.exists()


def test_a_running_sites_settings_are_for_its_owner_and_only_while_it_runs(
    folder: DemoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFY_HOME", str(folder.path.parent))
    folder.prepare()
    env = folder.environment(database_url="postgresql://here", redis_url="redis://there", port=8000)
    with folder.published(env):
        settings = settings_of_the_running_demo()
        assert settings == {name: env[name] for name in settings}
        assert settings["DATABASE_URL"] == "postgresql://here"
        assert stat.S_IMODE((folder.path / "settings.json").stat().st_mode) == 0o600
    assert settings_of_the_running_demo() == {}
