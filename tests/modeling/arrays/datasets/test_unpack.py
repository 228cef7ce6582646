"""An archive that somebody uploaded is unpacked within its folder and its limits, or refused."""

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from modeling.arrays.datasets.importing.archives import Limits, unpack
from modeling.arrays.datasets.importing.import_errors import BadSource, OutsideRoot

FILES = {"train/dog/a.png": b"a" * 100, "train/cat/b.png": b"b" * 200, "test/dog/c.png": b"c"}


def quiet(stage: str, done: int, total: int) -> None:
    pass


def zip_of(folder: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "birds.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tar_of(folder: Path, files: dict[str, bytes], *special: tarfile.TarInfo) -> Path:
    path = folder / "birds.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in special:
            archive.addfile(info)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_everything_is_there_and_progress_ends_at_all(tmp_path: Path, pack) -> None:
    seen: list[tuple[str, int, int]] = []
    archive = pack(tmp_path, FILES)
    folder = unpack(archive, tmp_path / "out", lambda *step: seen.append(step))
    assert contents(folder) == FILES
    assert seen[-1] == ("unpacking", archive.stat().st_size, archive.stat().st_size)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_the_only_folder_at_the_top_is_where_the_data_is(tmp_path: Path, pack) -> None:
    wrapped = {f"birds/{name}": data for name, data in FILES.items()} | {"__MACOSX/._x": b"", ".DS_Store": b""}
    folder = unpack(pack(tmp_path, wrapped), tmp_path / "out", quiet)
    assert (folder.name, contents(folder)) == ("birds", FILES)


def test_a_split_alone_at_the_top_is_no_wrapping(tmp_path: Path) -> None:
    assert unpack(zip_of(tmp_path, {"train/dog/a.png": b"a"}), tmp_path / "out", quiet) == tmp_path / "out"


def test_what_was_left_of_an_earlier_try_is_gone(tmp_path: Path) -> None:
    (tmp_path / "out" / "train").mkdir(parents=True)
    (tmp_path / "out" / "train" / "half.png").write_bytes(b"x")
    assert contents(unpack(zip_of(tmp_path, FILES), tmp_path / "out", quiet)) == FILES


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "a\\..\\evil.png", "C:/evil.png"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, pack, name: str) -> None:
    with pytest.raises(OutsideRoot, match="leads out"):
        unpack(pack(tmp_path, {name: b"x"}), tmp_path / "in" / "out", quiet)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_tar_with_anything_but_files_is_refused(tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("train/dog/passwords.png")
    link.type, link.linkname = kind, "/etc/passwd"
    with pytest.raises(BadSource, match="is a link or another special file"):
        unpack(tar_of(tmp_path, FILES, link), tmp_path / "out", quiet)


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("train/dog/passwords.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "birds.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadSource, match="is a link"):
        unpack(path, tmp_path / "out", quiet)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_bomb_is_stopped_before_it_is_unpacked(tmp_path: Path, pack) -> None:
    bomb = pack(tmp_path, {"train/dog/a.png": b"\0" * 50_000_000})
    with pytest.raises(BadSource, match="more than an archive of images"):
        unpack(bomb, tmp_path / "out", quiet, Limits(free_bytes=2**20))
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.png")) < 8 * 2**20


def bomb_of_headers(folder: Path, kind: bytes, content: bytes) -> Path:
    """A tar.gz whose one entry is read before any file is, and is no file itself."""
    path, header = folder / "birds.tar.gz", tarfile.TarInfo("x")
    header.type, header.size = kind, len(content)
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(header.tobuf(tarfile.GNU_FORMAT))
        packed.write(content.ljust(-(-len(content) // 512) * 512, b"\0") + b"\0" * 1024)
    return path


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_bomb_in_a_name_never_gets_into_memory(tmp_path: Path, kind: bytes) -> None:
    bomb = bomb_of_headers(tmp_path, kind, b"\0" * 30_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(BadSource, match="name that is too long"):
            unpack(bomb, tmp_path / "out", quiet)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_with_gaps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="sparse file"):
        unpack(bomb_of_headers(tmp_path, tarfile.GNUTYPE_SPARSE, b""), tmp_path / "out", quiet)
    path, info = tmp_path / "birds.tar", tarfile.TarInfo("train/dog/a.png")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.png"}
    content = b"99999999\n" + b"0\n" * 10_000
    info.size = len(content)
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(content))
    with pytest.raises(BadSource, match="sparse file"):
        unpack(path, tmp_path / "out", quiet)


@pytest.mark.parametrize(
    "name",
    ["train/" + "n" * 300 + ".png", "train/" + "é" * 200 + ".png", "d/" * 2000 + "a.png", "train/do\ng/a.png"],
)
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, pack, name: str) -> None:
    with pytest.raises(BadSource, match="too long, or is not plain text"):
        unpack(pack(tmp_path, {name: b"x"}), tmp_path / "out", quiet)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="is not plain text"):
        unpack(tar_of(tmp_path, {"train/dog/\udcff.png": b"x"}), tmp_path / "out", quiet)


@pytest.mark.parametrize("names", [("a", "a/b.png"), ("a", "a/b/c.png"), ("a/b.png", "a")])
def test_a_file_where_a_folder_is_needed_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(BadSource, match="occurs twice"):
        unpack(tar_of(tmp_path, dict.fromkeys(names, b"x")), tmp_path / "out", quiet)


def test_a_zip_that_lies_about_its_sizes_is_measured_by_what_comes_out(tmp_path: Path) -> None:
    path = zip_of(tmp_path, {"a.png": b"\0" * 3_000_000})
    honest = (3_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(honest, (3).to_bytes(4, "little")))
    with pytest.raises(BadSource):
        unpack(path, tmp_path / "out", quiet, Limits(free_bytes=1000, ratio=1))


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="more than 2 files"):
        unpack(zip_of(tmp_path, FILES), tmp_path / "out", quiet, Limits(entries=2))


def test_a_file_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "birds.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.png", "1")
        archive.writestr("a.png", "2")
    with pytest.raises(BadSource, match="occurs twice"):
        unpack(path, tmp_path / "out", quiet)


@pytest.mark.parametrize("name", ["birds.zip", "birds.tar.gz", "birds.rar"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(BadSource, match=r"not an archive|must end in one of"):
        unpack(tmp_path / name, tmp_path / "out", quiet)


def test_half_an_archive_is_refused(tmp_path: Path) -> None:
    for path in (zip_of(tmp_path, {"a.png": bytes(range(256)) * 100}), tar_of(tmp_path, {"a.png": b"x" * 100_000})):
        path.write_bytes(path.read_bytes()[:-60])
        with pytest.raises(BadSource):
            unpack(path, tmp_path / "out", quiet)
