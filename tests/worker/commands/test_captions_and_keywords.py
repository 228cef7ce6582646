"""Captions brought by command, and keywords made of them and ranked."""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from django.core.management import CommandError

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset, KeywordRanking
from clarify_errors.arrays.datasets.dataset_files import verify
from clarify_errors.arrays.keywords.keyword_sources import MAX_KEYWORDS, Proposal
from clarify_errors.arrays.keywords.stored_captions import FOLDER, open_captions
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.held_out import scoring_half
from tests.modeling.tensors.encoders.test_transformers import TEXT, tokenizer
from tests.support.actors import SQUARE
from tests.support.fake_encoder import load
from tests.worker.commands.captioned import caption_file, captions_of, ranked, rows_of
from tests.worker.commands.conftest import Command


@pytest.fixture(autouse=True)
def without_captions(base_model: BaseModel) -> Iterator[None]:
    """The data set's folder is of the whole session: leave it as it was."""
    yield
    for file in (base_model.dataset.files.directory / FOLDER).glob("*"):
        file.unlink()


@pytest.fixture
def captioned(command: Command, base_model: BaseModel, tmp_path: Path) -> BaseModel:
    command("import_captions", base_model.dataset.name, caption_file(base_model.dataset, tmp_path))
    return base_model


def plug_in(monkeypatch: pytest.MonkeyPatch, propose: object) -> str:
    """A module of somebody else's, with a source of keywords in it."""
    module = ModuleType("somebodys_keywords")
    module.hypotheses = lambda: SimpleNamespace(name="a model, 1.0", propose=propose)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return f"python:{module.__name__}:hypotheses"


def test_captions_are_kept_and_no_version_changes(command: Command, base_model: BaseModel, tmp_path: Path) -> None:
    dataset = base_model.dataset
    told = command("import_captions", dataset.name, caption_file(dataset, tmp_path))
    assert (
        told
        == f"{dataset.files.n_rows} of {dataset.files.n_rows} images of {dataset} have a caption now; 0 have none.\n"
    )
    verify(dataset.files.directory)
    assert Dataset.objects.get() == dataset
    kept = open_captions(dataset.files)
    assert list(kept.captions) == [caption for _, caption in captions_of(dataset.files)]
    assert (kept.name, kept.source["file"]) == ("captions", "captions.csv")


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_each_row_that_says_nothing_is_told_and_counted(
    command: Command, base_model: BaseModel, tmp_path: Path, suffix: str
) -> None:
    files = base_model.dataset.files
    first, second, third = (name.encode() for name in files.filenames[:3])
    rows = [
        (first, b"a red <b>square</b>\x07\xe2\x80\xae"),
        (first, b"again"),
        (b"nowhere.png", b"a dog"),
        (second, b"\xff\xfe"),
        (second, b"  "),
        (b"", b"a dog"),
        (third, b"x" * 2_001),
        (b"../" + third, b"fine"),
    ]
    file = tmp_path / f"captions.{suffix}"
    if suffix == "csv":
        file.write_bytes(b"\n".join([b"caption,filename", *(text + b"," + name for name, text in rows), b"short", b""]))
    else:
        lines = [
            b'{"file_name": "%s", "text": "%s"}' % (name, text.replace(b"\x07", b"\\u0007")) for name, text in rows
        ]
        file.write_bytes(b"\n".join([*lines, b"[[[", b""]))
    told = command("import_captions", base_model.dataset.name, file)
    for problem in (
        "this image has a caption already, and the first counts",
        "'nowhere.png': the data set has no image of this name",
        "it is not UTF-8",
        "it has no caption",
        "without a name: no image is named",
        "the caption is longer than 2,000 characters",
    ):
        assert problem in told
    assert "7 rows were left out." in told and "2 of" in told
    assert open_captions(files).captions[:3] == ("a red <b>square</b>", "", "fine")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("captions.txt", b"", "captions come in a file that ends in .csv or .jsonl."),
        ("captions.csv", b"a,b\n1,2\n", "line 1: the header must have the columns filename and caption."),
        ("captions.csv", b"filename,caption\n", "has no caption of an image of sprites-like v1. Nothing was stored."),
        ("captions.jsonl", None, "No such file or directory."),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(
    command: Command, base_model: BaseModel, tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError) as refused:
        command("import_captions", base_model.dataset.name, tmp_path / name)
    assert str(refused.value).endswith(why)


@pytest.mark.parametrize("sources", [("contrast",), ("yake",), ("yake", "contrast")])
def test_what_the_errors_have_in_common_is_ranked_first(
    command: Command, captioned: BaseModel, tmp_path: Path, sources: Sequence[str]
) -> None:
    given = [argument for source in sources for argument in ("--from", source)]
    ranked(command, captioned, tmp_path / "out", "--class", "square", *given)
    rows = rows_of(tmp_path / "out")
    assert "red" in rows[0]["keyword"] and float(rows[0]["adjusted_p"]) < 0.05
    assert 1 < len(rows) <= MAX_KEYWORDS
    red = next(row for row in KeywordRanking.objects.get().rows if row["keyword"] == "red")
    assert (red["n_captioned"], red["subgroup_accuracy"]) == (12, 0.25)  # of 12 red squares the model gets 3 right
    assert sorted(int(row["clip_rank"]) for row in rows) == list(range(1, len(rows) + 1))


@pytest.fixture
def minilm(tmp_path: Path) -> Path:
    """A sentence-transformers model with tiny random weights, saved as the hub has it."""
    torch.manual_seed(0)
    transformers.BertModel(transformers.BertConfig(**TEXT)).save_pretrained(tmp_path / "bert")
    tokenizer().save_pretrained(tmp_path / "bert")
    # It takes longer to load than all other libraries together, and each process of a run collects this module.
    sentence_transformers = importlib.import_module("sentence_transformers")
    sentence_transformers.SentenceTransformer(str(tmp_path / "bert"), device="cpu").save(str(tmp_path / "minilm"))
    return tmp_path / "minilm"


def test_keybert_proposes_by_a_model_in_a_folder(
    command: Command, captioned: BaseModel, tmp_path: Path, minilm: Path
) -> None:
    ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", f"keybert:{minilm}")
    keywords = {row["keyword"] for row in rows_of(tmp_path / "out")}
    assert 1 < len(keywords) <= MAX_KEYWORDS and {"red", "square"} <= {
        word for each in keywords for word in each.split()
    }
    assert KeywordRanking.objects.get().settings["proposals"][0]["name"].startswith("keybert ")
    (minilm / "modules.json").write_text("[[")
    with pytest.raises(CommandError, match="holds no sentence-transformers model"):
        ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", f"keybert:{minilm}")


def test_what_a_model_was_asked_and_said_is_kept(
    command: Command, captioned: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def propose(right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        asked.append((right, wrong))
        said: list[Any] = ["red shapes", "", "\x00", "?!", "x" * 200, 5, "Red"]
        return Proposal(said, prompt="Why?", answer="red shapes …")

    ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", plug_in(monkeypatch, propose))
    assert sorted(row["keyword"] for row in rows_of(tmp_path / "out")) == ["red", "red shapes", "shapes"]
    kept = KeywordRanking.objects.get().settings
    (proposal,) = kept["proposals"]
    assert (proposal["prompt"], proposal["answer"], proposal["name"]) == ("Why?", "red shapes …", "a model, 1.0")
    assert kept["captions"]["n"] == captioned.dataset.files.n_rows
    (right, wrong), (_, wrong_of_half) = asked  # of all images, and of the half that does not give p
    assert set(wrong_of_half) <= set(wrong) and len(wrong_of_half) == 4
    assert kept["of_half"]["keywords"] == ["red shapes", "red", "shapes"] and kept["of_half"]["proposals"] == [proposal]
    assert len(wrong) == 9 and all("square" in caption for caption in (*right, *wrong))


def test_only_what_one_half_of_the_images_proposes_has_a_p_on_the_other(
    command: Command, captioned: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def propose(right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        return Proposal(["red", "blue"] if len(wrong) == 9 else ["Blue"])

    source = plug_in(monkeypatch, propose)
    printed = ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", source)
    p = {row["keyword"]: row["adjusted_p"] for row in rows_of(tmp_path / "out")}
    assert p["red"] == "" and "“red”, error score " in printed and "no p: " in printed
    images = class_images(captioned, SQUARE)
    half = scoring_half(captioned.dataset.files.image_keys[images.rows], images.is_error, "keywords")
    text = load().encode_texts(["an image of blue"])[0]
    cosines = (captioned.dataset.files.array("similarity")[images.rows] @ text)[half]
    exact = error_score(cosines, images.is_error[half]).p_value
    assert float(p["blue"]) == pytest.approx(exact, abs=0.05)  # of one keyword; by 1,000 permutations, ties aside


def test_other_captions_make_a_list_in_the_place_of_the_first(
    command: Command, captioned: BaseModel, tmp_path: Path
) -> None:
    ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", "contrast")
    (tmp_path / "captions.jsonl").write_text(
        "".join(
            json.dumps({"filename": name, "caption": "a dog"}) + "\n"
            for name, _ in captions_of(captioned.dataset.files)
        )
    )
    command("import_captions", captioned.dataset.name, tmp_path / "captions.jsonl")
    ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", "contrast")
    assert [row["keyword"] for row in KeywordRanking.objects.get(target_class=SQUARE).rows] == ["dog"]


def test_a_class_without_captions_is_left_out_by_name(command: Command, base_model: BaseModel, tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    rows = [f"{name},{text}\n" for name, text in captions_of(base_model.dataset.files) if "oval" in text]
    file.write_text("".join(["filename,caption\n", *rows]))
    command("import_captions", base_model.dataset.name, file)
    told = ranked(command, base_model, tmp_path / "out", "--from", "contrast")
    assert "square: skipped, none of its wrong images has a caption." in told
    assert {row["class"] for row in rows_of(tmp_path / "out")} == {"oval"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("magic", "'magic' names nothing: use contrast, yake, keybert, chat or python:<module>:<factory>"),
        (
            "python:nowhere.at_all:make",
            "the module nowhere is not installed: add its folder",
        ),
        ("python:json:nothing", "the module json has no function nothing()"),
        ("python:builtins:dict", "what builtins.dict() returns lacks propose"),
        ("keybert:/nowhere", "'/nowhere' is no folder: use keybert:/path/to"),
    ],
)
def test_a_source_that_is_not_there_is_refused_in_a_sentence(
    command: Command, captioned: BaseModel, tmp_path: Path, source: str, why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        ranked(command, captioned, tmp_path / "out", "--from", source)
    assert why in str(refused.value)


def test_a_source_that_breaks_is_named(
    command: Command, captioned: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = plug_in(monkeypatch, lambda right, wrong: 1 / 0)
    with pytest.raises(CommandError, match=r"a model, 1\.0 proposed no keywords: ZeroDivisionError: division by zero"):
        ranked(command, captioned, tmp_path / "out", "--from", source)


def test_without_captions_it_says_how_to_get_them(command: Command, base_model: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"the data set has no captions\. Bring them with `manage.py import_captions"
    ):
        ranked(command, base_model, tmp_path / "out", "--from", "contrast")
