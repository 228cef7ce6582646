"""A clone has all that was set up, and nothing of what people did."""

import pytest
from django.contrib.auth.models import User

from annotations.base.service_errors import NotPossible
from annotations.log.identities import key_of
from annotations.models import Condition, Study, StudyMember, StudyState
from annotations.studies import lifecycle
from annotations.studies.cloning import _ITS_OWN, clone_study
from annotations.studies.configuration_content import configuration_content
from tests.support import actors


def test_a_clone_is_a_draft_with_every_setting(open_study: Study, alice: actors.Visit) -> None:
    Study.objects.update(quota=7, reward_cents=350, end_questions="Why?", external_study_id="64a0", goal=0.5)
    open_study.refresh_from_db()
    clone = clone_study(open_study, slug="again", title="Again", by="coordinator")
    assert (clone.state, clone.opened_at, clone.cloned_from, clone.external_study_id) == (
        StudyState.DRAFT,
        None,
        open_study,
        "",
    )
    assert key_of(clone) != key_of(open_study)
    same = {field.name for field in Study._meta.concrete_fields} - _ITS_OWN
    assert {name: getattr(clone, name) for name in same} == {name: getattr(open_study, name) for name in same}
    assert not clone.sessions.exists() and not clone.participants.exists() and not clone.configurations.exists()


def test_each_outcome_that_has_a_code_gets_a_new_one(open_study: Study) -> None:
    codes = {"failed_check_code": "FA11ED00", "researcher_code": "RE5EA2C4", "failed_check_is_paid": True}
    Study.objects.update(**codes)
    open_study.refresh_from_db()
    clone = clone_study(open_study, slug="again", title="Again", by="coordinator")
    theirs, its_own = open_study.codes, clone.codes
    assert list(its_own) == list(theirs) == ["completed", "failed_check", "researcher"]
    assert len({*theirs.values(), *its_own.values()}) == 6
    assert (clone.no_consent_code, clone.failed_check_is_paid) == ("", True)


def test_tasks_conditions_and_members_are_copies(draft_study: Study, coordinator: User) -> None:
    Condition.objects.create(study=draft_study, name="without words", show_suggestions=False)
    StudyMember.objects.create(study=draft_study, user=coordinator, role="coordinator")
    clone = clone_study(draft_study, slug="again", title="Again", by="coordinator")
    frozen, again = configuration_content(draft_study), configuration_content(clone)
    assert (frozen["tasks"], frozen["conditions"]) == (again["tasks"], again["conditions"])
    assert clone.members.get().user == coordinator
    clone.tasks.all().delete()
    clone.conditions.all().delete()
    assert draft_study.tasks.count() == draft_study.conditions.count() == draft_study.members.count() == 1


def test_the_audit_log_says_of_what_it_is_a_clone(draft_study: Study) -> None:
    clone = clone_study(draft_study, slug="again", title="Again", by="carla")
    record = clone.audit_records.get()
    assert (record.act, record.actor, record.detail) == ("study_cloned", "carla", {"source": "sprites"})


@pytest.mark.parametrize("slug", ["sprites", "no slug", ""])
def test_a_slug_that_is_taken_or_none_is_refused(draft_study: Study, slug: str) -> None:
    with pytest.raises(NotPossible, match="slug"):
        clone_study(draft_study, slug=slug, title="Again", by="coordinator")
    assert Study.objects.count() == 1


def test_a_clone_opens_by_itself(open_study: Study) -> None:
    clone = clone_study(open_study, slug="again", title="Again", by="coordinator")
    assert lifecycle.open_study(clone, without_rehearsal=True).configurations.get().version == 1
