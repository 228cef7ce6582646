"""An archive that somebody uploaded is unpacked within its folder and its limits, or refused."""

import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.datasets.importing.archives import Limits, unpack
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot

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


SKIPPED = {"__MACOSX/a": b"\0" * 50_000_000}


def packed_inside(folder: Path, method: str) -> Path:
    """A `.tar` that is compressed, although its name says that it is not."""
    path, info = folder / "birds.tar", tarfile.TarInfo("__MACOSX/a")
    info.size = len(SKIPPED["__MACOSX/a"])
    with tarfile.open(path, f"w:{method}") as archive:  # type: ignore[call-overload]  # of no literal
        archive.addfile(info, io.BytesIO(SKIPPED["__MACOSX/a"]))
    return path


@pytest.mark.parametrize("method", ["bz2", "xz"])
def test_a_tar_that_is_packed_by_another_method_than_gzip_is_refused(tmp_path: Path, method: str) -> None:
    with pytest.raises(BadSource, match="not an archive"):
        unpack(packed_inside(tmp_path, method), tmp_path / "out", quiet, Limits(free_bytes=10**9))


def test_a_tar_that_is_packed_by_gzip_may_be_named_as_if_it_were_not(tmp_path: Path) -> None:
    archive = tar_of(tmp_path, FILES).rename(tmp_path / "birds.tar")
    assert contents(unpack(archive, tmp_path / "out", quiet)) == FILES


def test_what_is_passed_over_counts_too(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="more than an archive of images"):
        unpack(tar_of(tmp_path, SKIPPED | FILES), tmp_path / "out", quiet, Limits(free_bytes=2**20))


def test_of_a_zip_nothing_that_is_passed_over_is_unpacked(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, SKIPPED | FILES)
    assert contents(unpack(archive, tmp_path / "out", quiet, Limits(free_bytes=2**20))) == FILES


def empty_members(folder: Path) -> Path:
    """A `.tar.gz` that begins with a megabyte which unpacks to nothing."""
    path = tar_of(folder, FILES)
    empty = gzip.compress(b"")
    path.write_bytes(empty * (2**20 // len(empty)) + path.read_bytes())
    return path


@pytest.mark.parametrize(
    ("archive", "least"),
    [
        (lambda folder: tar_of(folder, SKIPPED), 50),
        (lambda folder: zip_of(folder, {"a.png": SKIPPED["__MACOSX/a"]}), 50),
        (lambda folder: zip_of(folder, {f"__MACOSX/{i}": b"" for i in range(50)}), 50),
        (empty_members, 16),
    ],
    ids=["passed over", "one file", "many files", "nothing comes out"],
)
def test_the_lease_is_renewed_whatever_the_archive_holds(tmp_path: Path, archive, least: int) -> None:
    steps: list[None] = []
    with after_each_step(lambda: steps.append(None)):
        unpack(archive(tmp_path), tmp_path / "out", quiet, Limits(free_bytes=10**9))
    assert len(steps) > least


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_by_a_method_that_unpacks_in_one_piece_never_gets_into_memory(tmp_path: Path, method: int) -> None:
    bomb = zip_of(tmp_path, {"a.png": SKIPPED["__MACOSX/a"]}, method)
    tracemalloc.start()
    try:
        with pytest.raises(BadSource, match="not packed by Deflate"):
            unpack(bomb, tmp_path / "out", quiet)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_zip_whose_list_of_files_is_too_long_is_refused_before_the_list_is_read(tmp_path: Path) -> None:
    path, size = tmp_path / "birds.zip", 30_000_000
    path.write_bytes(b"PK\1\2" + b"\0" * size + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0))
    tracemalloc.start()
    try:
        with pytest.raises(BadSource, match="list of files is too long"):
            unpack(path, tmp_path / "out", quiet, Limits(entries=1000))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


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


def tar_with_headers(folder: Path, *headers: dict[str, str], kind: bytes = tarfile.XHDTYPE) -> Path:
    """A tar with one file, after headers of their own."""
    path, info = folder / "birds.tar", tarfile.TarInfo("train/dog/a.png")
    before = b"".join(tarfile.TarInfo._create_pax_generic_header(header, kind, "utf-8") for header in headers)  # type: ignore[attr-defined]
    path.write_bytes(before + info.tobuf() + b"\0" * 1024)
    return path


@pytest.mark.parametrize(
    "header",
    [
        {"GNU.sparse.size": "9999999", "GNU.sparse.offset": "0", "GNU.sparse.numbytes": "0"},
        {"GNU.sparse.map": "0,0", "GNU.sparse.size": "9999999"},
    ],
)
def test_a_file_with_gaps_by_an_older_header_is_refused(tmp_path: Path, header: dict[str, str]) -> None:
    with pytest.raises(BadSource, match="sparse file"):
        unpack(tar_with_headers(tmp_path, header), tmp_path / "out", quiet)


def test_headers_that_are_kept_for_all_files_are_few(tmp_path: Path) -> None:
    globals_ = [{f"key{n}": "a"} for n in range(101)]
    with pytest.raises(BadSource, match="too many headers"):
        unpack(tar_with_headers(tmp_path, *globals_, kind=tarfile.XGLTYPE), tmp_path / "out", quiet)
    unpack(tar_with_headers(tmp_path, *globals_[:100], kind=tarfile.XGLTYPE), tmp_path / "out", quiet)


def test_headers_of_headers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="damaged"):
        unpack(tar_with_headers(tmp_path, *[{"key": "a"}] * 1000), tmp_path / "out", quiet)


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


def test_a_zip_may_have_an_entry_without_a_name(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, FILES | {"named": b""})
    archive.write_bytes(archive.read_bytes().replace(b"named", b"\0amed"))
    assert contents(unpack(archive, tmp_path / "out", quiet)) == FILES


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_damaged_archive_is_refused(tmp_path: Path, pack) -> None:
    path = pack(tmp_path, {f"{n}.png": bytes(range(256)) * 20 for n in range(3)})
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(BadSource):
            unpack(path, tmp_path / "out", quiet)


def test_half_an_archive_is_refused(tmp_path: Path) -> None:
    for path in (zip_of(tmp_path, {"a.png": bytes(range(256)) * 100}), tar_of(tmp_path, {"a.png": b"x" * 100_000})):
        path.write_bytes(path.read_bytes()[:-60])
        with pytest.raises(BadSource):
            unpack(path, tmp_path / "out", quiet)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_name_of_many_combining_marks_is_refused(tmp_path: Path, pack) -> None:
    with pytest.raises(BadSource, match="not plain text"):
        unpack(pack(tmp_path, {"train/dog/a" + "\u0301" * 31 + ".png": b"a"}), tmp_path / "out", quiet)
