"""Images are decoded in a process that has nothing to lose, and that no image outlives as a fault."""

import ast
import io
import json
import sys
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from PIL import Image

from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.images import image_files
from clarify_errors.arrays.images.image_decoding import CannotDecode, DecodingProcesses, decode_apart
from clarify_errors.arrays.images.image_files import ImageRejected
from clarify_site.home import ROOT
from tests.modeling.arrays.images import hostile_decoder

# Who opens images in its own process: what the other one runs, and the Python library with pictures of its caller.
IN_THE_SAME_PROCESS = {
    "modeling/clarify_errors/arrays/images/image_files.py",
    "modeling/clarify_errors/explanations/inputs.py",
}
needs_filter = pytest.mark.skipif(sys.platform != "linux", reason="only Linux filters calls")


@pytest.fixture(scope="module")
def hostile() -> Iterator[DecodingProcesses]:
    process = DecodingProcesses(decoder=hostile_decoder.__name__)
    yield process
    process.end()


def said_by(process: DecodingProcesses, word: str) -> str:
    with pytest.raises(ImageRejected) as raised:
        process.decode(word.encode())
    return raised.value.detail


def test_no_module_decodes_a_file_in_its_own_process() -> None:
    found = set()
    for package in ("annotations", "clarify_site", "deploy", "modeling", "worker"):
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text("utf-8")
            names = {ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
            if names & {"Image.open", "PIL.Image.open", "image_files.decode"} or "image_files import decode" in text:
                found.add(file.relative_to(ROOT).as_posix())
            assert not {name for name in names if name.startswith(("torchvision.io", "imageio", "cv2"))}, file
    assert found == IN_THE_SAME_PROCESS


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "1", "CMYK"])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_it_decodes_to_the_same_pixels(image_format: str, mode: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (37, 61, 3), dtype=np.uint8)
    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    try:
        Image.fromarray(pixels).convert(mode).save(stream, image_format, exif=exif)
    except OSError:
        pytest.skip(f"{image_format} has no {mode}")
    apart, here = decode_apart(stream.getvalue()), image_files.decode(stream.getvalue())
    assert apart.mode == here.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(apart), np.asarray(here))


def test_the_largest_images_fit_into_its_memory() -> None:
    side, stream, exif = 7_000, io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("CMYK", (side, side), "red").save(stream, "JPEG", exif=exif, progressive=True)
    assert decode_apart(stream.getvalue()).size == (side, side)


def test_it_has_no_key_and_no_address(hostile: DecodingProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "IDENTITY_KEYS", "DATABASE_URL", "REDIS_URL", "PROLIFIC_TOKEN", "ANYTHING_NEW"):
        monkeypatch.setenv(name, "secret")
    hostile.end()
    assert "secret" not in (told := said_by(hostile, "environment"))
    assert set(json.loads(told)) <= {"LD_LIBRARY_PATH", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "LC_CTYPE"}


@pytest.mark.parametrize("word", hostile_decoder.ATTEMPTS)
@needs_filter
def test_it_reaches_nothing(hostile: DecodingProcesses, word: str) -> None:
    assert said_by(hostile, word) in {"PermissionError", "OSError", "ValueError", "BlockingIOError"}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("crash", "its decoder crashed (SIGSEGV)"),
        ("eat", "its decoder takes more than 2 GiB of memory"),
    ],
)
def test_what_it_does_not_survive_is_one_image(hostile: DecodingProcesses, word: str, sentence: str) -> None:
    assert hostile.decode(b"red").size == (3, 2)
    assert said_by(hostile, word).startswith(sentence)
    assert hostile.decode(b"blue").getpixel((0, 0)) == (0, 0, 255)


def test_one_that_never_ends_is_given_up_and_the_job_is_told_of_each_try() -> None:
    told: list[str] = []
    process = DecodingProcesses(seconds=0.5, decoder=hostile_decoder.__name__)
    with after_each_step(lambda: told.append("a step")):
        assert said_by(process, "never end") == "its decoder did not end within 0.5 s"
    process.end()
    assert told == ["a step", "a step"]


def test_one_killed_by_hand_costs_no_image() -> None:
    others = {*psutil.Process().children()}
    process = DecodingProcesses(decoder=hostile_decoder.__name__)
    assert process.decode(b"red").size == (3, 2)
    (child,) = {*psutil.Process().children()} - others
    child.kill()
    assert process.decode(b"red").size == (3, 2)
    process.end()


def test_where_it_does_not_start_no_image_is_blamed() -> None:
    with pytest.raises(CannotDecode, match=r"did not start: exit status 1"):
        DecodingProcesses(decoder="tests.there_is_no_such_module").decode(b"red")
