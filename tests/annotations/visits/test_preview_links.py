"""Links into previews and simulated visits: whose visit it is stands in the link, and nothing of it counts."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.allocation.cells import cell_key
from annotations.base.service_errors import StudyNotOpen, StudyNotReady
from annotations.models import (
    Allocation,
    AnnotationSession,
    BaseModel,
    Condition,
    EntryVerification,
    Event,
    Role,
    SessionKind,
    Stage,
    Study,
    Submission,
)
from annotations.studies import lifecycle
from annotations.visits import preview_links, sessions
from annotations.visits.preview_links import EntryLinkInvalid
from tests.annotations.allocation.arrivals import completed, consenting, held, study_of_cells
from tests.support import actors


def token_of(url: str) -> str:
    return url.partition(f"?{preview_links.PARAMETER}=")[2]


def simulated_token(study: Study, n: int = 0, seed: int = 7) -> str:
    return preview_links.simulated_parameters(study, n, seed)[preview_links.PARAMETER]


def simulated(study: Study, n: int = 0, seed: int = 7) -> AnnotationSession:
    return preview_links.enter(study, simulated_token(study, n, seed))


@pytest.fixture
def preview_url(open_study: Study, coordinator: User) -> str:
    return preview_links.preview_url(open_study, coordinator)


def test_a_preview_is_a_visit_of_its_own_kind(open_study: Study, preview_url: str) -> None:
    session = preview_links.enter(open_study, token_of(preview_url))
    assert (session.kind, session.verification, session.stage) == (
        SessionKind.PREVIEW,
        EntryVerification.LOCAL,
        Stage.CONSENT,
    )
    assert not Submission.objects.exists()


def test_a_link_is_one_visit_and_the_next_link_another(open_study: Study, coordinator: User, preview_url: str) -> None:
    token = token_of(preview_url)
    assert preview_links.enter(open_study, token) == preview_links.enter(open_study, token)
    other = preview_links.enter(open_study, token_of(preview_links.preview_url(open_study, coordinator)))
    assert AnnotationSession.objects.count() == 2
    assert other.participant != preview_links.enter(open_study, token).participant


def test_the_same_seed_simulates_the_same_people(open_study: Study) -> None:
    assert simulated(open_study) == simulated(open_study)
    assert len({simulated(open_study, n, seed).participant_id for n in (0, 1) for seed in (7, 8)}) == 4
    assert simulated(open_study).kind == SessionKind.SIMULATED


def test_simulated_people_see_the_same_images_for_the_same_seed(base_model: BaseModel) -> None:
    one, other = (actors.open_study(actors.create_study(base_model, slug)) for slug in ("one", "other"))
    assert simulated(one, 3).seed == simulated(other, 3).seed != simulated(one, 4).seed


@pytest.mark.parametrize("state", ["draft", "paused", "active"])
def test_drafts_paused_and_open_studies_can_be_rehearsed(draft_study: Study, coordinator: User, state: str) -> None:
    if state != "draft":
        actors.open_study(draft_study)
    if state == "paused":
        lifecycle.pause_study(draft_study, by="somebody")
    session = preview_links.enter(draft_study, token_of(preview_links.preview_url(draft_study, coordinator)))
    sessions.give_consent(session)
    assert actors.pass_check(actors.do_tutorial(session)).stage == Stage.TASKS


def test_a_draft_freezes_anew_once_it_has_changed(draft_study: Study) -> None:
    first, second = simulated(draft_study, 0), simulated(draft_study, 1)
    assert first.configuration == second.configuration
    draft_study.title = "Another title"
    draft_study.save()
    assert simulated(draft_study, 2).configuration.version == 2


def test_a_draft_that_could_not_open_says_why(draft_study: Study) -> None:
    draft_study.tasks.update(text_template="{phrase} and {phrase}")
    with pytest.raises(StudyNotReady, match="template"):
        simulated(draft_study)


def test_a_closed_study_is_not_rehearsed(open_study: Study, preview_url: str) -> None:
    lifecycle.close_study(open_study, by="somebody")
    with pytest.raises(StudyNotOpen):
        preview_links.enter(open_study, token_of(preview_url))


def test_a_link_is_good_for_a_day_and_its_visit_for_longer(open_study: Study, preview_url: str) -> None:
    session = preview_links.enter(open_study, token_of(preview_url))
    with time_machine.travel(timezone.now() + preview_links.GOOD_FOR + dt.timedelta(minutes=1), tick=False):
        with pytest.raises(EntryLinkInvalid):
            preview_links.enter(open_study, token_of(preview_url))
        assert sessions.give_consent(session).stage == Stage.TUTORIAL


@pytest.fixture
def carla(open_study: Study) -> User:
    """A coordinator of the one study, no operator."""
    carla = User.objects.create_user("carla", is_staff=True)
    open_study.members.create(user=carla, role=Role.COORDINATOR)
    return carla


def test_a_link_ends_with_its_makers_role_and_is_good_again_with_it(open_study: Study, carla: User) -> None:
    token = token_of(preview_links.preview_url(open_study, carla))
    preview_links.enter(open_study, token)
    open_study.members.update(role=Role.ANALYST)
    for use in (preview_links.read, preview_links.enter):
        with pytest.raises(EntryLinkInvalid, match="no longer coordinates the study"):
            use(open_study, token)
    open_study.members.update(role=Role.COORDINATOR)
    assert preview_links.enter(open_study, token).kind == SessionKind.PREVIEW


@pytest.mark.parametrize("lost", ["role", "is_staff", "is_active", "account"])
def test_a_link_of_who_lost_the_role_or_the_account_makes_no_visit(open_study: Study, carla: User, lost: str) -> None:
    token = token_of(preview_links.preview_url(open_study, carla))
    match lost:
        case "role":
            open_study.members.all().delete()
        case "account":
            carla.delete()
        case _:
            User.objects.filter(pk=carla.pk).update(**{lost: False})
    with pytest.raises(EntryLinkInvalid, match="no longer coordinates the study"):
        preview_links.enter(open_study, token)
    assert not AnnotationSession.objects.exists()


def test_a_link_needs_no_sign_in_and_no_second_factor_of_its_maker(
    open_study: Study, carla: User, settings: Any
) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    assert preview_links.enter(open_study, token_of(preview_links.preview_url(open_study, carla)))


def test_simulated_people_come_in_nobodys_name(open_study: Study, carla: User) -> None:
    carla.delete()
    assert simulated(open_study).kind == SessionKind.SIMULATED


def test_a_changed_link_or_one_of_another_study_is_refused(open_study: Study, base_model: BaseModel) -> None:
    token = simulated_token(open_study)
    other = actors.create_study(base_model, "other")
    for study, given in ((open_study, f"{token}x"), (open_study, ""), (open_study, f"x{token}"), (other, token)):
        with pytest.raises(EntryLinkInvalid):
            preview_links.enter(study, given)
    assert not AnnotationSession.objects.exists()


def test_no_link_of_a_participant_makes_a_rehearsal(open_study: Study) -> None:
    session = sessions.enter(open_study, participant_id="preview", study_id="s", session_id="simulated")
    assert session.kind == SessionKind.PARTICIPANT


# -- Cells and places --------------------------------------------------------------------------------------------------
def test_a_preview_is_in_the_condition_that_was_asked_for(base_model: BaseModel, coordinator: User) -> None:
    study = study_of_cells(base_model, n_conditions=3, n_tasks=1)
    for condition in study.conditions.all():
        url = preview_links.preview_url(study, coordinator, condition)
        assert preview_links.enter(study, token_of(url)).condition == condition


def test_simulated_people_fill_the_cells_in_turn(base_model: BaseModel) -> None:
    study = study_of_cells(base_model, n_conditions=2, n_tasks=2)
    visits = [simulated(study, n) for n in range(8)]
    cells = [cell_key(visit.condition, visit.order) for visit in visits]
    assert sorted(cells) == sorted(["1:0", "1:1", "2:0", "2:1"] * 2)


def test_a_condition_that_is_gone_makes_the_link_invalid(draft_study: Study, coordinator: User) -> None:
    condition = Condition.objects.create(study=draft_study, name="gone")
    url = preview_links.preview_url(draft_study, coordinator, condition)
    condition.delete()
    with pytest.raises(EntryLinkInvalid):
        preview_links.enter(draft_study, token_of(url))


def test_rehearsals_hold_no_place_and_need_none(base_model: BaseModel) -> None:
    study = study_of_cells(base_model, n_conditions=2, n_tasks=1, quota=1)
    first = completed(sessions.give_consent(simulated(study, 0)))
    assert (first.stage, first.is_late, sum(held(study))) == (Stage.FINISHED, False, 0)
    consenting(study, "ann")  # the one place
    assert completed(sessions.give_consent(simulated(study, 1))).stage == Stage.FINISHED
    assert Allocation.objects.count() == 1


def test_the_events_of_a_rehearsal_can_be_deleted_with_it_and_no_others(open_study: Study) -> None:
    rehearsal, real = simulated(open_study), consenting(open_study, "ann")
    Event.objects.filter(session=rehearsal).delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.filter(session=real).delete()
