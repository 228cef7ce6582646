"""Test images of a group before and after retraining: each kind with its number, beside what the control gets right."""

import numpy as np
import pytest
from django.test import Client

from annotations.models import BaseModel, Control, Moderation, Phrase, Run, Study
from annotations.models.arrays import pack_int32
from annotations.visits import withdrawal
from clarify_errors.arrays.datasets.dataset_files import Split
from tests.annotations.results.staff_pages.test_findings import train_control
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import tree

pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture
def group(open_study: Study, alice: Visit, base_model: BaseModel) -> str:
    """The worst group, of which a run gets every test image right, and the control every second one."""
    run = add_run(add_phrase(alice, "red", 0.75), 0.5)
    files = base_model.dataset.files
    labels = files.labels[files.rows(Split.TEST)]
    train_control(base_model)
    every_second = np.where(np.arange(len(labels)) % 2, labels, 1 - labels)
    Control.objects.update(test_predictions=pack_int32(every_second))
    Run.objects.filter(pk=run.pk).update(test_predictions=pack_int32(labels), control=Control.objects.get())
    return base_model.worst_group_name


def shown(client: Client, study: Study, group: str) -> dict[str, tuple[int, str, int]]:
    """By kind: how many images, what is said of the control, and how many pictures."""
    page = tree(client.get(f"/admin/annotations/study/{study.pk}/group_images/", {"task": "1", "group": group}))
    kinds = {}
    for section in page.select("section:has(h3)"):
        title, _, n = section.select("h3")[0].text.partition(": ")
        control = " ".join(each.text for each in section.select(".help")).strip()
        kinds[title] = int(n), control, len(section.select("img"))
    return kinds


def test_what_became_right_is_counted_and_shown_beside_the_control(
    coordinator_client: Client, open_study: Study, base_model: BaseModel, group: str
) -> None:
    files = base_model.dataset.files
    rows = files.rows(Split.TEST)
    members = files.groups[rows] == list(base_model.dataset.group_names).index(group)
    wrong = members & (base_model.predicted[rows] != files.labels[rows])
    kinds = shown(coordinator_client, open_study, group)
    n_right = int((wrong & (np.arange(len(rows)) % 2 == 1)).sum())
    assert kinds["Newly right"][0] == wrong.sum() > 0
    assert kinds["Newly right"][1] == f"Retraining without words, the control, gets {n_right} of these right."
    assert kinds["Newly right"][2] == min(wrong.sum(), 24)
    assert kinds["Newly wrong"] == (0, "", 0) and kinds["Wrong before and after"][0] == 0
    assert sum(n for n, _, _ in kinds.values()) == members.sum()


def test_words_that_the_staff_hid_are_not_said_and_those_withdrawn_or_excluded_have_no_pictures(
    coordinator_client: Client, open_study: Study, alice: Visit, group: str
) -> None:
    Phrase.objects.update(moderation=Moderation.HIDDEN, moderation_reason="a name")
    address = f"/admin/annotations/study/{open_study.pk}/group_images/"
    text = tree(coordinator_client.get(address, {"task": "1", "group": group})).text
    assert "“(hidden)”" in text and "“red”" not in text
    Phrase.objects.update(moderation=Moderation.EXCLUDED, moderation_reason="a name")
    assert shown(coordinator_client, open_study, group) == {}
    Phrase.objects.update(moderation=Moderation.APPROVED)
    withdrawal.withdraw(alice.session)
    assert shown(coordinator_client, open_study, group) == {}


def test_without_a_name_it_is_the_worst_group_of_the_first_task(
    coordinator_client: Client, open_study: Study, group: str
) -> None:
    page = tree(coordinator_client.get(f"/admin/annotations/study/{open_study.pk}/group_images/"))
    assert page.select(".results-page h2")[0].text == group


@pytest.mark.parametrize("asked", [{"group": "no such"}, {"task": "x"}, {"task": "9", "group": "red"}])
def test_a_group_or_task_that_does_not_exist_is_not_found(
    coordinator_client: Client, open_study: Study, asked: dict[str, str]
) -> None:
    assert coordinator_client.get(f"/admin/annotations/study/{open_study.pk}/group_images/", asked).status_code == 404
