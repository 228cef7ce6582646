"""How long a person takes: people who did it, else comparable tasks, else the limits."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    BaseModel,
    DeviceReport,
    EndReason,
    Participant,
    SessionKind,
    Study,
    Task,
)
from annotations.site.study_overview import facts
from annotations.studies.preflight.duration import MIN_PEOPLE, Estimate, estimate, longest_minutes
from annotations.studies.preflight.pay_checks import money_checks
from tests.support import actors


def send(
    study: Study,
    minutes: float,
    *,
    of_tasks: float = 1.0,
    n: int = MIN_PEOPLE,
    kind: str = SessionKind.PARTICIPANT,
    finishes: bool = True,
    has_script: bool = True,
) -> None:
    """So many people, who each take so long, `of_tasks` minutes of it in each task; or leave after their tasks.

    has_script: of their browsers.
    """
    now = timezone.now()
    configuration = study.configurations.latest("version")
    for i in range(n):
        name = f"{kind[0]}{study.pk}-{minutes}-{i}"
        participant = Participant.objects.create(study=study, pseudonym=name)
        ended = {"stage": "finished", "outcome": "completed", "ended_at": now} if finishes else {"stage": "tasks"}
        session = AnnotationSession.objects.create(
            study=study,
            configuration=configuration,
            participant=participant,
            submission_key=name,
            kind=kind,
            seed=1,
            code_version="1",
            consented_at=now,
            **ended,
        )
        DeviceReport.objects.create(session=session, has_script=has_script)
        AnnotationSession.objects.filter(pk=session.pk).update(created_at=now - dt.timedelta(minutes=minutes))
        started = now - dt.timedelta(minutes=of_tasks)
        deadline = started + dt.timedelta(hours=1)
        for task in study.tasks.all():
            Assignment.objects.create(
                session=session,
                task=task,
                position=task.position,
                state=AssignmentState.ENDED,
                started_at=started,
                first_deadline_at=deadline,
                deadline_at=deadline,
                ended_at=now,
                end_reason=EndReason.DONE,
            )


@pytest.fixture
def another(open_study: Study, base_model: BaseModel) -> Study:
    """A new study, with a task of the same limits as the first one's."""
    return actors.create_study(base_model, slug="another")


def found(study: Study) -> Estimate:
    likely = estimate(study)
    assert likely is not None
    return likely


def test_of_nobody_only_the_limits_are_known(open_study: Study) -> None:
    assert longest_minutes(open_study) == 15
    assert found(open_study) == Estimate(15, "all time limits, and 5 minutes around", is_most=True)


def test_a_task_without_a_clock_tells_nothing(open_study: Study) -> None:
    open_study.tasks.update(time_limit_s=None)
    assert estimate(open_study) is None


def test_the_median_of_people_who_completed_it_is_best(open_study: Study) -> None:
    send(open_study, 12)
    assert found(open_study).basis == "the median of 5 people in this study"
    assert found(open_study).minutes == 12


def test_what_an_hour_pays_follows_from_the_minutes_that_are_shown(open_study: Study) -> None:
    send(open_study, 5.52)
    open_study.reward_cents, open_study.min_hourly_cents = 250, 900
    assert [check.sentence for check in money_checks(open_study)][-1] == (
        "A person takes 5.5 minutes (the median of 5 people in this study), so 2.50 GBP each is 27.27 GBP an hour."
    )


def test_the_longest_visit_is_the_same_whole_number_wherever_it_is_shown(open_study: Study) -> None:
    open_study.tasks.update(time_limit_s=390)
    open_study.reward_cents = 240
    assert longest_minutes(open_study) == found(open_study).minutes == facts(open_study)["visit_minutes"] == 12
    assert facts(open_study)["hourly_cents"] == 1200
    assert "takes 12 minutes" in money_checks(open_study)[-1].sentence
    assert "at least 12.00 GBP an hour" in money_checks(open_study)[-1].sentence


@pytest.mark.parametrize("kind", [SessionKind.SIMULATED, SessionKind.PREVIEW, SessionKind.EXPERT])
def test_simulated_participants_previews_and_experts_say_nothing(open_study: Study, kind: str) -> None:
    send(open_study, 1, kind=kind)
    assert found(open_study).is_most


def test_simulated_people_who_come_by_the_link_say_nothing(open_study: Study, another: Study) -> None:
    send(open_study, 0.4, of_tasks=0.2, has_script=False)
    assert found(open_study).is_most and found(another).is_most
    send(open_study, 12, of_tasks=4)
    assert found(open_study).basis == "the median of 5 people in this study"
    assert found(another).minutes == pytest.approx(4 + 8, abs=0.1)


def test_a_clone_rests_on_those_before_it(open_study: Study, base_model: BaseModel) -> None:
    send(open_study, 8)
    clone = actors.create_study(base_model, slug="again", cloned_from=open_study)
    assert "this study and those it was cloned from" in found(clone).basis


def test_another_study_rests_on_tasks_with_the_same_limits(open_study: Study, another: Study) -> None:
    send(open_study, 9, of_tasks=3)
    likely = found(another)
    assert likely.minutes == pytest.approx(3 + 6, abs=0.1)  # and six minutes were around the task
    assert likely.basis == (
        "3.0 minutes of tasks, by the medians of 5 people in tasks with the same limits here, and 6.0 around them"
    )
    assert not likely.is_most


def test_people_who_left_later_tell_about_the_tasks_and_not_about_the_rest(open_study: Study, another: Study) -> None:
    send(open_study, 9, of_tasks=3, finishes=False)
    assert found(another).minutes == pytest.approx(3 + 5, abs=0.1)


def test_a_task_with_other_limits_is_not_compared(open_study: Study, another: Study) -> None:
    send(open_study, 9, of_tasks=3)
    first = another.tasks.get()
    Task.objects.create(study=another, position=2, base_model=first.base_model, target_class=1, time_limit_s=120)
    assert found(another) == Estimate(17, "all time limits, and 5 minutes around", is_most=True)


def test_four_people_are_too_few(open_study: Study, another: Study) -> None:
    send(open_study, 9, n=MIN_PEOPLE - 1)
    assert found(another).is_most and found(open_study).is_most
