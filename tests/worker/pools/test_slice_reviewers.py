"""A vision-language model answers slice checks as people do: does an image show what the phrase says?"""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from PIL import Image

from annotations.models import AuditRecord, Gathering, Study, Verdict
from annotations.pools import image_reviews
from annotations.pools.review_outcomes import ABOVE, review_statistics
from annotations.visits import withdrawal
from tests.support.actors import BLUE, RED
from tests.support.chat_server import chat_server
from tests.worker.pools.conftest import draw_source, gather, score_red, show

Answers = Callable[[str, Sequence[Image.Image]], Sequence[bool | None]]


def is_red(image: Image.Image) -> bool:
    red, _, blue = np.asarray(image.convert("RGB"), np.float64).mean((0, 1))
    return bool(red > blue)


def in_colour(phrase: str, images: Sequence[Image.Image]) -> list[bool]:
    assert phrase == "red" and 0 < len(images) <= 16
    return [is_red(image) for image in images]


@pytest.fixture(scope="module")
def stored_check(rows_of_the_module: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathering]:
    folder = tmp_path_factory.mktemp("slices")
    with override_settings(DATA_ROOT=folder / "data"):
        yield gather(score_red(show(draw_source(folder / "source"))), None, n_candidates=20)


@pytest.fixture
def check(db: None, stored_check: Gathering) -> Gathering:
    return Gathering.objects.get(pk=stored_check.pk)


@pytest.fixture
def ask(check: Gathering, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def asked(holds: Answers = in_colour, *more: str) -> str:
        module = ModuleType("somebodys_model")
        module.make = lambda: SimpleNamespace(name="a model, 1.0", holds=holds)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        said = io.StringIO()
        spec = f"python:{module.__name__}:make"
        call_command("review_slices", check.study.slug, "--by", spec, *(more or ("--consented",)), stdout=said)
        return said.getvalue()

    return asked


def test_it_stands_among_the_reviewers_and_finds_that_the_slice_means_its_phrase(
    check: Gathering, ask: Callable[..., str]
) -> None:
    n = len(check.items)
    assert f"a model, 1.0 judged {n} images" in ask()
    found = review_statistics(check)
    [(name, kept, dropped, *_)] = found["reviewers"]
    assert (name, kept + dropped) == ("a model, 1.0", n)
    assert found["meaning"].precision.value == 1 and found["meaning"].recall == 1
    files = check.base_model.dataset.files
    assert files.attributes is not None
    for place, verdict in check.reviews.values_list("place", "verdict"):
        item = check.items[place]
        assert (verdict == Verdict.KEEP) == (item["arm"] == ABOVE)
        assert files.attributes[item["row"]] == (RED if item["arm"] == ABOVE else BLUE)
    assert AuditRecord.objects.get(act="slices_reviewed").detail["reviewer"] == "a model, 1.0"


def test_what_it_has_judged_is_not_asked_again_and_people_answer_beside_it(
    check: Gathering, ask: Callable[..., str]
) -> None:
    ask(lambda _, images: [None] * len(images))
    image_reviews.say(check, 0, Verdict.DROP, by="ada")
    assert "judged 0 images" in ask()
    assert set(check.reviews.filter(reviewer="a model, 1.0").values_list("verdict", flat=True)) == {Verdict.UNSURE}
    assert {name for name, *_ in review_statistics(check)["reviewers"]} == {"a model, 1.0", "ada"}


def test_a_model_gets_no_words_of_people_who_withdrew(check: Gathering, ask: Callable[..., str]) -> None:
    withdrawal.withdraw(check.parts.get().score.phrase.assignment.session)
    asked: list[str] = []

    def holds(phrase: str, images: Sequence[Image.Image]) -> list[bool]:
        asked.append(phrase)
        return [True] * len(images)

    ask(holds)
    assert asked == [] and not check.reviews.exists()


def test_a_model_behind_the_chat_api_looks_at_each_image(
    check: Gathering, ask: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(monkeypatch, lambda _: "Yes.") as server:
        told = ask(in_colour, "--consented", "--by", "chat")
    n = len(check.items)
    assert f"chat stand-in judged {n} images" in told and len(server.asked) == n
    assert set(check.reviews.values_list("reviewer", "verdict")) == {("chat stand-in", Verdict.KEEP)}


def test_it_goes_on_where_it_broke_off(check: Gathering, ask: Callable[..., str]) -> None:
    calls = iter(range(9))

    def breaks(_: str, images: Sequence[Image.Image]) -> list[bool]:
        if next(calls):
            raise TimeoutError("no answer")
        return [True] * len(images)

    with pytest.raises(CommandError, match=r"a model, 1\.0 says nothing: TimeoutError: no answer\."):
        ask(breaks)
    assert check.reviews.count() == 16
    assert f"judged {len(check.items) - 16} images" in ask()


@pytest.mark.parametrize(
    ("holds", "more", "why"),
    [
        (lambda _, images: [True], (), "a model, 1.0 gave 1 answers for 16 images."),
        (lambda _, images: 5, (), "a model, 1.0 says nothing: TypeError"),
        (in_colour, ("--skip-checks",), "Add --consented if the study's consent says so."),
    ],
)
def test_what_is_no_answer_or_not_consented_to_is_a_sentence(
    check: Gathering, ask: Callable[..., str], holds: Answers, more: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        ask(holds, *more)
    assert why in str(refused.value) and not check.reviews.exists()


def test_a_model_that_is_none_and_a_study_that_is_not_there_are_sentences(check: Gathering) -> None:
    study: Study = check.study
    for slug, spec, why in (
        (study.slug, "magic", "'magic' names nothing: use chat or python:<module>:<factory>"),
        (study.slug, "python:builtins:dict", "what builtins.dict() returns lacks holds"),
        ("nowhere", "python:builtins:dict", "There is no study 'nowhere'"),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("review_slices", slug, "--by", spec, "--consented")
        assert why in str(refused.value)
