"""The revisions of a draft: a save that began before another's is refused, and says whose and when."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection, transaction

from annotations.models import BaseModel, Study
from annotations.studies import class_lists, cloning, lifecycle
from annotations.studies.lifecycle import StaleDraft
from tests.support.locks import wait_for_a_waiting_lock


def save(study: Study, *, by: str, seen: int) -> None:
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        lifecycle.refuse_stale(locked, seen, by=by)
        lifecycle.revise(locked, by=by)
    study.refresh_from_db()


def test_a_save_at_the_revision_that_was_seen_is_the_next(draft_study: Study) -> None:
    save(draft_study, by="ann", seen=0)
    assert (draft_study.revision, draft_study.revised_by) == (1, "ann")
    save(draft_study, by="ben", seen=1)
    assert (draft_study.revision, draft_study.revised_by) == (2, "ben")


@pytest.mark.parametrize(
    ("now", "when"), [("2026-03-01T15:00:00Z", "at 14:03 UTC"), ("2026-03-02T09:00:00Z", "on 1 March at 14:03 UTC")]
)
def test_a_save_at_an_older_revision_is_refused_with_who_saved_and_when(
    draft_study: Study, now: str, when: str
) -> None:
    with time_machine.travel("2026-03-01T14:03:00Z", tick=False):
        save(draft_study, by="ann", seen=0)
    with time_machine.travel(now, tick=False), pytest.raises(StaleDraft) as caught:
        save(draft_study, by="ben", seen=0)
    assert caught.value.message == f"ann saved this draft {when}, after you had opened this page."
    draft_study.refresh_from_db()
    assert (draft_study.revision, draft_study.revised_by) == (1, "ann")


def test_a_save_in_another_tab_is_named_as_ones_own(draft_study: Study) -> None:
    save(draft_study, by="ann", seen=0)
    with pytest.raises(StaleDraft) as caught:
        save(draft_study, by="ann", seen=0)
    assert caught.value.message.startswith("You, in another tab, saved this draft at ")


def test_a_revision_that_never_was_is_refused_too(draft_study: Study) -> None:
    with pytest.raises(StaleDraft) as caught:
        save(draft_study, by="ben", seen=7)
    assert caught.value.message == "Somebody saved this draft just now, after you had opened this page."


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_stored(draft_study: Study) -> None:
    def save_too() -> str:
        try:
            save(Study.objects.get(pk=draft_study.pk), by="ben", seen=0)
        except StaleDraft as error:
            return error.message
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            save(draft_study, by="ann", seen=0)
            other = pool.submit(save_too)
            wait_for_a_waiting_lock()
        assert other.result(timeout=60).startswith("ann saved this draft at ")
    draft_study.refresh_from_db()
    assert (draft_study.revision, draft_study.revised_by) == (1, "ann")


def test_whatever_else_changes_a_draft_is_a_save_of_it(draft_study: Study, base_model: BaseModel) -> None:
    class_lists.remove(draft_study, by="ann")
    class_lists.add(draft_study, base_model, by="ben")
    lifecycle.amend_study(draft_study, {"completion_code": "OTHER"}, by="carl")
    draft_study.refresh_from_db()
    assert (draft_study.revision, draft_study.revised_by) == (3, "carl")


def test_what_changes_nothing_is_none(draft_study: Study, base_model: BaseModel) -> None:
    class_lists.add(draft_study, base_model, by="ann")
    draft_study.refresh_from_db()
    before = draft_study.revision
    class_lists.add(draft_study, base_model, by="ann")
    class_lists.remove(draft_study, [99], by="ann")
    lifecycle.amend_study(draft_study, {"completion_code": draft_study.completion_code}, by="ann")
    draft_study.refresh_from_db()
    assert draft_study.revision == before


def test_an_open_study_is_no_longer_revised_and_a_clone_begins_anew(draft_study: Study, open_study: Study) -> None:
    lifecycle.revise(open_study, by="ann")
    lifecycle.amend_study(open_study, {"quota": 3}, by="ben")
    open_study.refresh_from_db()
    assert (open_study.revision, open_study.revised_by) == (1, "ann")
    clone = cloning.clone_study(open_study, slug="again", title="Again", by="ben")
    clone.refresh_from_db()
    assert (clone.revision, clone.revised_by, clone.revised_at) == (0, "", None)
