"""The correction page: training, its report and files, the decision, and who may do what."""

import csv
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.corrections.correction_effects import EFFECTS
from annotations.corrections.correction_tables import correction_tables
from annotations.corrections.staff_pages import correction_figure
from annotations.models import BaseModel, Correction, Phrase, Role, Study
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head, read_metadata
from clarify_errors.arrays.retraining.own_gain_intervals import WHY
from tests.support.actors import OVAL, SQUARE
from tests.support.analysis_studies import drawing
from tests.support.correcting import approve, say, study_of_both
from tests.support.views_pages import tree
from worker.corrections import train_due_corrections
from worker.results.study_analyses import analyse_due_studies


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    return study_of_both(base_model)


@pytest.fixture
def said(study: Study) -> list[Phrase]:
    phrases = say(study, "ann", {SQUARE: ["red", "<b>dark</b> red"], OVAL: ["blue"]})
    approve(*phrases)
    return phrases


@pytest.fixture
def address(study: Study) -> str:
    return reverse("admin:annotations_study_correction", args=[study.pk])


@pytest.fixture
def analyst_client(study: Study) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    study.members.create(user=user, role=Role.ANALYST)
    client = Client()
    client.force_login(user)
    return client


def train(client: Client, address: str, base_model: BaseModel, **fields: object) -> Correction:
    client.post(address, {"act": "train", "base_model": base_model.pk, **fields})
    train_due_corrections()
    return Correction.objects.latest("pk")


def told(client: Client, address: str, form: dict[str, object]) -> str:
    return client.post(address, form, follow=True).content.decode()


def test_without_an_approved_phrase_the_page_says_what_to_do(
    address: str, base_model: BaseModel, coordinator_client: Client
) -> None:
    page = coordinator_client.get(address).content.decode()
    assert "No phrase with a similarity threshold is approved yet." in page
    assert "No approved phrase has a similarity threshold" in told(
        coordinator_client, address, {"act": "train", "base_model": base_model.pk}
    )


def test_a_correction_is_asked_for_and_its_report_read(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    page = coordinator_client.get(address).content.decode()
    assert "&lt;b&gt;dark&lt;/b&gt; red" in page and "<b>dark</b>" not in page
    coordinator_client.post(address, {"act": "train", "base_model": base_model.pk})
    assert "Waits for a worker" in coordinator_client.get(address).content.decode()
    train_due_corrections()
    page = coordinator_client.get(address).content.decode()
    for words in (
        "highest error score",
        "Worst-group accuracy",
        "square, red",
        "Leaving one annotation out",
        "Over a new last layer, points",
        "best approved",
        "Every row of the head",
    ):
        assert words in page
    assert "style=" not in page.split('id="results"')[1]


def test_what_the_correction_newly_gets_right_and_wrong_is_shown_and_every_mark_of_its_figure_leads_to_images(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    page = tree(coordinator_client.get(address))
    files = base_model.dataset.files
    rows = files.rows(Split.TEST)
    labels, groups, before = files.labels[rows], files.groups[rows], base_model.predicted[rows]
    after = Head.from_bytes(bytes(correction.head)).predict(files.array("features")[rows])
    gains = {
        name: (after == labels)[groups == group].mean() - (before == labels)[groups == group].mean()
        for group, name in enumerate(base_model.dataset.group_names)
        if (groups == group).any()
    }
    best = max(gains, key=lambda name: gains[name])
    most = groups == list(base_model.dataset.group_names).index(best)
    newly_right = most & (before != labels) & (after == labels)
    titles = [heading.text for heading in page.select(".question h3")]
    assert titles[:2] == ["What are the words worth?", f"Newly right in “{best}”: {newly_right.sum()}"]
    assert newly_right.any()
    links = page.select(".worth-figure a[href], .strip a[href]")
    assert len(page.select(".worth-figure a.bar:not(.group)")) == 3 and len(page.select("a.group")) == len(gains)
    for link in links:
        images = tree(coordinator_client.get(str(link["href"])))
        assert sum(int(kind.text.rpartition(": ")[2]) for kind in images.select("h3")) > 0
    assert images.select("img") and "Before: the imported predictions" in images.text


def test_without_the_data_set_the_page_says_so_and_keeps_its_figure(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(coordinator_client, address, base_model)

    def fail(*_: object) -> None:
        raise ModelingError("the directory is not here")

    monkeypatch.setattr(correction_figure, "corrected_images", fail)
    page = tree(coordinator_client.get(address))
    assert page.select(".errornote")[0].text == "the directory is not here" and page.select(".worth-figure")


def test_the_report_leads_with_own_gain_and_has_the_gain_over_the_base_model_beside_it(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    (test,) = (each for each in correction.effects["sets"] if each["name"] == "test")
    before, control, after = (test[name]["worst_group"] for name in ("before", "control", "after"))
    page = " ".join(coordinator_client.get(address).content.decode().split())
    assert (
        f"The correction has an own gain of {100 * (after - control):+.1f} ({ends(test, 'control')}) points. Compared "
        "with the imported predictions, which come from another last layer, its worst-group accuracy on test gains "
        f"{100 * (after - before):+.1f} ({ends(test, 'before')})."
    ) in page
    assert WHY in page
    assert "Base → a new last layer → corrected" in page  # its predictions were imported
    worst = [
        test["groups"][int(np.nanargmin(np.array(test[name]["accuracies"], np.float64)))]
        for name in ("before", "control", "after")
    ]
    bars = tree(coordinator_client.get(address)).select(".worth-figure .bar:not(.group)")
    assert [bar.select(".value")[0].text.strip() for bar in bars] == [
        f"{share:.1%} {group}" for share, group in zip((before, control, after), worst, strict=True)
    ]
    rows = correction_tables(correction.study).corrections
    told = dict(zip(rows.table.header, rows.table.cells(rows.rows[0]), strict=True))
    assert (told["own_gain"], told["gain"]) == (after - control, after - before)


def ends(of_set: dict[str, Any], less: str) -> str:
    interval = of_set["gains"][less]
    return f"{100 * interval['low']:+z.1f} to {100 * interval['high']:+z.1f}"


def test_nobody_approves_beside_a_gain_without_an_interval(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    assert tree(coordinator_client.get(address)).select_one("button[value=approve]")
    for each in correction.effects["sets"]:
        del each["gains"]  # as earlier versions trained it
    Correction.objects.update(effects=correction.effects)
    page = tree(coordinator_client.get(address))
    assert not page.select_one("button[value=approve]") and page.select_one("button[value=reject]")
    answer = {"correction": correction.pk, "act": "approve", "reason": "it helps"}
    coordinator_client.post(address, answer)
    assert Correction.objects.get(pk=correction.pk).review == "proposed"


@pytest.mark.parametrize(
    ("before", "control", "after", "red", "plain"),
    [(1.0, 0.82, 0.81, 1, 0), (1.0, 0.9, 0.81, 1, 0), (0.78, 0.9, 0.82, 0, 1), (0.82, 0.8, 0.8, 0, 0)],
    ids=[
        "against the model as it was",
        "against both",
        "against the control alone, a gain over all",
        "against neither",
    ],
)
def test_a_group_that_loses_five_points_is_red_where_it_loses_against_the_model_as_it_was(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client, *,
    before: float, control: float, after: float, red: int, plain: int,
) -> None:  # fmt: skip
    correction = train(coordinator_client, address, base_model)
    for each in correction.effects["sets"]:
        for model, accuracy in (("before", before), ("control", control), ("after", after)):
            each[model]["accuracies"] = [accuracy, *[0.5] * (len(each["groups"]) - 1)]
    Correction.objects.update(effects=correction.effects)
    page = tree(coordinator_client.get(address))
    n_sets, group = len(correction.effects["sets"]), correction.effects["sets"][0]["groups"][0]
    assert [each.get_text().strip() for each in page.select("th.alarm")] == [group] * n_sets * red
    for selector, n in (("ul.alarm", red), ("ul.costs", plain)):
        named = [" ".join(each.get_text().split()) for each in page.select(f"{selector} li")]
        assert len(named) == n_sets * n
        told = f": {before:.1%} with the imported predictions, which come from another last layer, {control:.1%} with"
        assert all(
            each.startswith(group) and told in each and each.endswith(f"{after:.1%} corrected") for each in named
        )
    assert ("No group loses five points or more against the imported predictions" in page.get_text()) == (not red)


def test_a_class_can_have_another_phrase_or_none(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(
        coordinator_client, address, base_model, **{f"class-{SQUARE}": said[1].pk, f"class-{OVAL}": "none"}
    )
    assert [part.score.phrase for part in correction.parts.all()] == [said[1]]
    assert "by hand" in coordinator_client.get(address).content.decode()


def test_the_report_is_a_file(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    document = json.loads(coordinator_client.get(address, {"file": "json"}).content)
    assert [each["phrase"] for each in document["annotations"]] == ["red", "blue"]
    assert [each["name"] for each in document["effects"]] == ["validation", "test"]
    rows = list(csv.DictReader(io.StringIO(coordinator_client.get(address, {"table": EFFECTS.file}).content.decode())))
    assert {row["model"] for row in rows} == {"before", "control", "after", "without square", "without oval"}
    worst = {(row["set"], row["model"]): float(row["accuracy"]) for row in rows if row["name"] == "worst_group"}
    assert worst["test", "after"] == correction.effects["sets"][1]["after"]["worst_group"]
    assert worst["test", "before"] == base_model.test_metrics["worst_group"]
    assert {(row["class"], row["name"]) for row in rows if row["what"] == "part"} == {
        (name, part) for name in ("square", "oval") for part in ("class", "minority", "majority")
    }


def test_its_figure_is_drawn_with_the_next_analysis_of_the_study(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    figure = f"correction-{correction.pk}-splits"
    early = coordinator_client.get(address).content.decode()
    assert "It is being drawn." in early and 'data-poll="2"' in early
    assert coordinator_client.get(address, {"figure": figure}).status_code == 404
    with drawing("correction"):
        analyse_due_studies()
    page = coordinator_client.get(address).content.decode()
    assert f'data-vega="?correction={correction.pk}&amp;figure={figure}&amp;layout=narrow"' in page
    assert 'data-poll="0"' in page
    assert coordinator_client.get(address, {"figure": figure}).content.startswith(b"<svg")


def test_the_head_comes_after_an_approval_with_a_reason(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client, analyst_client: Client
) -> None:
    correction = train(coordinator_client, address, base_model)
    refused = analyst_client.get(address, {"file": "head"}, follow=True).content.decode()
    assert "A coordinator must approve the correction first" in refused
    decide = {"act": "approve", "correction": correction.pk}
    assert "Give a reason for the decision" in told(coordinator_client, address, decide)
    assert "The decision is stored" in told(coordinator_client, address, decide | {"reason": "no group loses"})
    again = tree(coordinator_client.get(address)).select("#reason")[0]
    assert again.get("value") is None, "a decision has its own reason, not that of the one before"
    answer = analyst_client.get(address, {"file": "head"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["head.safetensors", "correction.json", EFFECTS.file]
        file = archive.read("head.safetensors")
        document = json.loads(archive.read("correction.json"))
    assert Head.from_bytes(file).class_names == tuple(base_model.dataset.class_names)
    assert document["review"]["reason"] == "no group loses"
    test = correction.effects["sets"][1]
    assert document["gain"] == {
        "own_gain": test["after"]["worst_group"] - test["control"]["worst_group"],
        "over_base_model": test["after"]["worst_group"] - test["before"]["worst_group"],
    }
    del document["effects"], document["leave_one_out"]
    metadata = read_metadata(file)
    assert metadata["feature_encoder"] == base_model.dataset.feature_encoder
    assert json.loads(metadata["model_card"]) == document


def test_an_analyst_reads_and_does_not_act(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client, analyst_client: Client
) -> None:
    assert "A coordinator approves phrases and trains a correction here" in analyst_client.get(address).content.decode()
    assert analyst_client.post(address, {"act": "train", "base_model": base_model.pk}).status_code == 404
    train(coordinator_client, address, base_model)
    page = analyst_client.get(address).content.decode()
    assert "What it does" in page and "Approve the correction" not in page


@pytest.mark.parametrize(
    "form", [{}, {"act": "x"}, {"act": "train"}, {"act": "train", "base_model": "²"}, {"act": "approve"}]
)
def test_a_broken_form_does_nothing(
    address: str, said: list[Phrase], coordinator_client: Client, form: dict[str, str]
) -> None:
    assert coordinator_client.post(address, form).status_code in {302, 404}
    assert not Correction.objects.exists()


@pytest.mark.parametrize("query", [{"correction": "99"}, {"correction": "x"}, {"file": "head"}, {"figure": "x"}])
def test_what_is_not_there_is_not_found(address: str, coordinator_client: Client, query: dict[str, str]) -> None:
    assert coordinator_client.get(address, query).status_code == 404


def test_a_failed_correction_says_why(
    address: str, said: list[Phrase], base_model: BaseModel, coordinator_client: Client, settings
) -> None:
    settings.MIN_SLICE_SIZE = 49
    train(coordinator_client, address, base_model)
    assert "each part needs at least 49" in coordinator_client.get(address).content.decode()
