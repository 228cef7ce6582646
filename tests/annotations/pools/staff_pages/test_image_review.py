"""The review: one image after the other, each answer stored at once; reviewers, budget, hidden known images."""

import csv
import io
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.base.service_errors import NotPossible
from annotations.models import GatheredTraining, Gathering, ImageIndex, ImageReview, Role, Score, Verdict
from annotations.pools import annotation_sources, image_reviews, review_outcomes, review_progress
from annotations.pools.gathering_tables import WORTH
from annotations.pools.review_outcomes import kept, review_statistics
from tests.annotations.pools.staff_pages.conftest import DONE, ITEMS, make
from tests.support.analysis_studies import analyse
from tests.support.rows import add_run


def address(gathering: Gathering) -> str:
    return f"/admin/annotations/study/{gathering.study_id}/image_review/?gathering={gathering.pk}"


def shown(client: Client, gathering: Gathering) -> Any:
    return BeautifulSoup(client.get(address(gathering)).content, "html.parser")


def press(client: Client, gathering: Gathering, said: str) -> Any:
    """Press a button of the page as it stands, as a form without a script does."""
    form = shown(client, gathering).select_one("form.plain")
    fields = {each["name"]: each["value"] for each in form.select("input[type=hidden]")}
    return client.post(address(gathering), {**fields, "said": said})


def test_each_answer_is_stored_and_the_next_image_shown(coordinator_client: Client, gathering: Gathering) -> None:
    page = shown(coordinator_client, gathering)
    assert [button["data-key"] for button in page.select("button[data-key]")] == ["1", "2", "d", "u"]
    assert "square" in page.select_one("button[data-key='1']").text
    for said in ("0", "1", "drop"):
        press(coordinator_client, gathering, said)
    stored = list(gathering.reviews.values_list("place", "verdict", "label", "reviewer"))
    who = "coordinator"
    assert stored == [(0, "keep", 0, who), (1, "keep", 1, who), (2, "drop", None, who)]
    assert "3 of 4 images" in shown(coordinator_client, gathering).text
    press(coordinator_client, gathering, "undo")
    assert gathering.reviews.count() == 2
    assert "2 of 4 images" in shown(coordinator_client, gathering).text
    for _ in range(2):
        press(coordinator_client, gathering, "unsure")
    assert "You have looked at all images." in shown(coordinator_client, gathering).text


@pytest.mark.parametrize("link", ["run-{run}", "words-1-red", "score-{score}"])
def test_a_link_of_a_run_or_a_concept_chooses_its_phrase_though_the_list_is_too_short_for_it(
    coordinator_client: Client, score: Score, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotation_sources, "MAX_PHRASES", 0)
    page = f"/admin/annotations/study/{score.phrase.assignment.session.study_id}/gathering/"

    def offered(value: str) -> list[str]:
        shown = BeautifulSoup(coordinator_client.get(page, {"annotation": value}).content, "html.parser")
        return [str(each["value"]) for each in shown.select("#id_annotation option")]

    [value] = offered(link.format(run=add_run(score.phrase, 0.75).pk, score=score.pk))
    assert offered("words-2-red") == offered("words-1-blue") == offered("run-0") == []
    form = {"annotation": value, "n_candidates": 5, "n_random": 0, "n_known": 0, "minutes": 5, "class_by": "none"}
    coordinator_client.post(page, {**form, "class_threshold": 0.5, "duplicate_threshold": 0.9})
    assert Gathering.objects.get().parts.get().score == score


def test_a_hidden_image_cannot_be_told_by_the_page(coordinator_client: Client, gathering: Gathering) -> None:
    looks = []
    for _ in ITEMS:
        page = shown(coordinator_client, gathering)
        for each in page.select("img, progress, input, [role=status]"):
            each.decompose()
        looks.append(page.select_one(".image-review").text)
        press(coordinator_client, gathering, "0")
    assert len({" ".join(look.replace("Undo", "").replace(" z", "").split()) for look in looks}) == 1


def test_what_is_kept_is_what_all_who_decided_agree_on(gathering: Gathering) -> None:
    for place, label in enumerate((0, 1, 0, 0)):
        image_reviews.say(gathering, place, Verdict.KEEP, label, by="ada")
    image_reviews.say(gathering, 0, Verdict.UNSURE, by="bob")
    image_reviews.say(gathering, 2, Verdict.KEEP, 1, by="bob")
    image_reviews.say(gathering, 3, Verdict.DROP, by="bob")
    assert kept(gathering) == {"candidate": [[3, 0, 1]], "random": []}


def test_errors_on_known_images_give_the_label_noise_with_its_interval(score: Score) -> None:
    items = [{"row": row, "arm": "known", "label": 0} for row in range(10)]
    gathering = make(score, items, pool=True)
    for place in range(10):
        image_reviews.say(gathering, place, Verdict.KEEP, int(place == 0), by="ada")
        image_reviews.say(gathering, place, Verdict.KEEP, int(place < 2), by="bob")
    found = review_statistics(gathering)
    wrong = [(name, share.k, share.n) for name, *_, share in found["reviewers"]]
    assert wrong == [("ada", 1, 10), ("bob", 2, 10)]
    noise = found["noise"]
    assert (noise.k, noise.n) == (1, 9)  # of the image on which they disagree nothing is kept
    assert [round(bound, 3) for bound in noise.bounds or ()] == [0.02, 0.435]
    [(_ada, _bob, n, kappa)] = found["agreements"]
    assert n == 10 and round(kappa or 0, 3) == 0.615


def test_the_budget_ends_the_review_and_one_may_still_change_ones_mind(gathering: Gathering) -> None:
    gathering.minutes = 1
    gathering.save()
    image_reviews.say(gathering, 0, Verdict.KEEP, 0, by="ada")
    ImageReview.objects.update(seconds=61)
    with pytest.raises(NotPossible, match="The 1 minutes of review are used up"):
        image_reviews.say(gathering, 1, Verdict.DROP, by="bob")
    image_reviews.say(gathering, 0, Verdict.DROP, by="ada")
    assert gathering.reviews.get().verdict == Verdict.DROP


def test_the_review_stops_where_candidates_have_dried_up(score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_progress, "DROPPED_IN_A_ROW", 3)
    gathering = make(score, [{**ITEMS[0], "row": row} for row in range(5)], pool=True)
    for place in range(3):
        image_reviews.say(gathering, place, Verdict.DROP, by="ada")
    progress = review_progress.review_progress(gathering, "ada")
    assert progress.place is None and "You dropped the last 3 candidates" in progress.over
    assert review_progress.review_progress(gathering, "bob").place == 0


@pytest.mark.parametrize(("verdict", "label"), [(Verdict.KEEP, None), (Verdict.KEEP, 2), (Verdict.DROP, 0)])
def test_what_does_not_fit_is_refused(gathering: Gathering, verdict: Verdict, label: int | None) -> None:
    with pytest.raises(NotPossible):
        image_reviews.say(gathering, 0, verdict, label, by="ada")
    with pytest.raises(NotPossible, match="no such image"):
        image_reviews.say(gathering, 4, Verdict.DROP, by="ada")


def test_an_analyst_looks_and_does_not_review(gathering: Gathering) -> None:
    analyst = User.objects.create_user("ann", is_staff=True)
    gathering.study.members.create(user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    page = client.get(f"/admin/annotations/study/{gathering.study_id}/gathering/").content.decode()
    assert "4 images to review" in page and "Find candidates" not in page and "Review images" not in page
    assert client.get(address(gathering)).status_code == 404


def test_a_slice_check_says_whether_the_slice_means_its_phrase(coordinator_client: Client, score: Score) -> None:
    items = [
        {"row": row, "arm": arm, "label": None, "of": n}
        for arm, n in (("above", 20), ("below", 80))
        for row in range(4)
    ]
    gathering = make(score, items, pool=False)
    assert "Does this say what the image shows: “red”?" in shown(coordinator_client, gathering).text
    for said in ("0", "0", "0", "drop", "0", "drop", "drop", "drop"):
        press(coordinator_client, gathering, said)
    meaning = review_statistics(gathering)["meaning"]
    assert meaning is not None and (meaning.precision.k, meaning.precision.n, meaning.missed.k) == (3, 4, 1)
    assert meaning.recall == pytest.approx(15 / (15 + 20))
    assert meaning.recall is not None and meaning.recall_bounds is not None
    low, high = meaning.recall_bounds
    assert low < meaning.recall < high
    page = coordinator_client.get(f"/admin/annotations/study/{gathering.study_id}/gathering/").content.decode()
    assert "3 of 4 images that the phrase selects show it: a precision of 0.75" in " ".join(page.split())
    assert "Of those that it does not select, 1 of 4 show it: a recall of 0.43" in " ".join(page.split())
    assert "Does not show it</th>" in page and "Wrong on known images" not in page and "hidden ones" not in page


def test_it_stands_on_the_runs_page_beside_its_concept_and_in_its_table(
    coordinator_client: Client, score: Score
) -> None:
    run = add_run(score.phrase, 0.75)
    items = [{"row": row, "arm": arm, "label": None, "of": 9} for arm in ("above", "below") for row in range(3)]
    gathering = make(score, items, pool=False)
    run_page = f"/admin/annotations/run/{run.pk}/change/"
    assert "Do the images that the phrase selects show it?" not in coordinator_client.get(run_page).content.decode()
    for place in range(6):
        said = {"verdict": Verdict.KEEP, "label": 0} if place < 3 else {"verdict": Verdict.DROP}
        image_reviews.say(gathering, place, by="ada", **said)
    page = " ".join(coordinator_client.get(run_page).content.decode().split())
    asked = "Do the images that the phrase selects show it?"
    assert f"{asked} 3 of 3 images that the phrase selects show it: a precision of 1.00 (0.44 to 1.00)." in page
    study = analyse(gathering.study)
    pages = f"/admin/annotations/study/{study.pk}"
    assert "Checked by people" in coordinator_client.get(f"{pages}/concepts/").content.decode()
    address = f"{pages}/gathering/?gathering={gathering.pk}&table=slice_checks.csv"
    [row] = csv.DictReader(io.StringIO(coordinator_client.get(address).content.decode()))
    assert (row["phrase"], row["text"], row["reviewers"]) == (str(score.phrase_id), "red", "1")
    assert (row["precision"], row["recall"], row["below_holds"]) == ("1.0", "1.0", "0")
    assert float(row["precision_low"]) == pytest.approx(wilson_interval(3, 3)[0])  # type: ignore[index]


def test_what_gathered_images_are_worth_stands_on_the_results_page_and_in_its_file(
    coordinator_client: Client, gathering: Gathering
) -> None:
    measured = {f"{name}{end}": [0.5, 0.4, 0.6] for name in WORTH for end in ("", "_gain")}
    table = [
        {"name": "base", "n_added": 0, "reason": "", "minutes": None, **measured},
        {"name": "gathered data", "n_added": 10, "reason": "", "minutes": 2.5, **measured},
        {"name": "both", "n_added": 10, "reason": "", "minutes": 2.5, **measured},
    ]
    dataset = gathering.base_model.dataset
    GatheredTraining.objects.create(gathering=gathering, dataset=dataset, kept={}, table=table, **DONE)
    results = f"/admin/annotations/study/{analyse(gathering.study).pk}/results/"
    figure = BeautifulSoup(coordinator_client.get(results).content, "html.parser").select_one("#gathered-data")
    assert figure is not None
    rows = [[" ".join(cell.text.split()) for cell in row.select("th, td")] for row in figure.select("tbody tr")]
    assert rows[0][:2] == ["Base", "0"] and rows[1][:4] == ["Gathered data", "10", "Base", "50.0% 40.0% to 60.0%"]
    assert rows[1][-2:] == ["+5.0", "+20.0"]  # a point of the minority's gain, for an image and for a minute
    assert rows[2][-2:] == ["–", "–"]  # reweighting gains too
    assert figure.select_one(f"a[href$='?gathering={gathering.pk}']") is not None
    answer = coordinator_client.get(results, {"table": "gathered_data.csv"}).content.decode()
    assert [row["model"] for row in csv.DictReader(io.StringIO(answer))] == ["base", "gathered data", "both"]


def test_the_form_begins_with_what_found_something_last(coordinator_client: Client, gathering: Gathering) -> None:
    Gathering.objects.filter(pk=gathering.pk).update(class_threshold=0.1, licences=["CC0", "CC BY"])
    page = coordinator_client.get(f"/admin/annotations/study/{gathering.study_id}/gathering/").content
    form = BeautifulSoup(page, "html.parser").select_one("form.plain")
    assert form is not None
    given = {each["name"]: each.get("value") for each in form.select("input[type=number], input[type=text]")}
    assert (given["class_threshold"], given["licences"]) == ("0.1", "CC0, CC BY")


def gathering_page(client: Client, gathering: Gathering) -> Any:
    page = client.get(f"/admin/annotations/study/{gathering.study_id}/gathering/").content
    return BeautifulSoup(page, "html.parser")


def text_of(page: Any, selector: str) -> str:
    return " ".join(page.select_one(selector).text.split())


def test_a_line_leads_from_the_images_shown_to_those_that_are_added(
    coordinator_client: Client, gathering: Gathering
) -> None:
    for place, label in enumerate((0, 1, 0, 1)):
        image_reviews.say(gathering, place, Verdict.KEEP, label, by="ada")
    image_reviews.say(gathering, 2, Verdict.UNSURE, by="bob")
    GatheredTraining.objects.create(gathering=gathering, dataset=gathering.base_model.dataset, **DONE)
    page = gathering_page(coordinator_client, gathering)
    said = "4 images to review, hidden ones among them: 4 reviewed so far, 0 of them by you."
    assert text_of(page, "[role=status]").startswith(said)
    line = text_of(page, "#counts")
    numbers = [
        "4 images shown, without near-duplicates → 4 reviewed",
        "→ 4 kept: all who decided gave the same class, whatever it is",
        "→ less 1 random image (trained with apart, to compare) and 1 known one (which tell",
        "→ 2 added, each with the class that it was given: 1 as “square”, 1 as “oval”.",
        "The training below was asked for when 0 were.",
    ]
    assert [each for each in numbers if each not in line] == [], line
    image_reviews.say(gathering, 3, Verdict.DROP, by="bob")
    line = text_of(gathering_page(coordinator_client, gathering), "#counts")
    assert "4 reviewed" in line and "3 kept" in line and "1 added" in line and "when 0 were" in line


def test_pseudo_labels_are_counted_apart_from_what_was_kept(coordinator_client: Client, score: Score) -> None:
    gathering = make(score, ITEMS, pool=True, pseudo_labels=True)
    image_reviews.say(gathering, 0, Verdict.KEEP, 0, by="ada")
    page = gathering_page(coordinator_client, gathering)
    assert "1 kept" in text_of(page, "#counts")
    assert "and 1 more as pseudo-labels → 2 added" in text_of(page, "#counts")
    assert "and the candidates that nobody reviewed" in text_of(page, "#before-training")


def test_few_kept_images_are_warned_of_before_training_which_is_not_kept_from_anybody(
    coordinator_client: Client, gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_reviews.say(gathering, 0, Verdict.KEEP, 0, by="ada")
    page = gathering_page(coordinator_client, gathering)
    assert "Retraining now would add 1 image to the 100 training images." in text_of(page, "#before-training")
    assert "That is few, so the interval of the gain will be wide" in text_of(page, "#before-training")
    button = next(each for each in page.select("button") if "retrain" in each.text)
    assert not button.has_attr("disabled")
    monkeypatch.setattr(review_outcomes, "FEW_ADDED", 1)
    assert "That is few" not in text_of(gathering_page(coordinator_client, gathering), "#before-training")


def test_the_limit_of_near_duplicates_follows_from_the_index_or_is_left_to_the_worker(
    coordinator_client: Client, gathering: Gathering
) -> None:
    dataset = gathering.base_model.dataset
    page = gathering_page(coordinator_client, gathering)
    field = page.select_one("#id_duplicate_threshold")
    assert field.get("value") is None  # though the gathering shown has one
    images = f"/admin/annotations/dataset/{dataset.pk}/images/"
    assert page.select_one(f"form.plain a[href='{images}']").text == "its index is built"
    above = [[0.98, 80], [0.999125, 2]]
    likeness = {"limit": 0.999125, "n_looked_at": 96, "n_above": above}
    made = {"directory": "x", "kind": "flat", "duplicate_threshold": 0.98, **DONE}
    ImageIndex.objects.create(dataset=dataset, likeness=likeness, **made)
    page = gathering_page(coordinator_client, gathering)
    assert page.select_one("#id_duplicate_threshold")["value"] == "0.999125"
    assert "80 above 0.98, 2 above 0.999125." in " ".join(page.select("form.plain")[-1].text.split())
