"""The event log alone builds the rows again; where the two differ, the row and the field are named."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from annotations.log import identities
from annotations.log.log_registry import BY_NAME
from annotations.log.replay import differences, replay
from annotations.models import (
    BaseModel,
    Event,
    Outcome,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    Stage,
    Study,
    ThresholdChoice,
)
from annotations.visits import erasure
from annotations.visits.withdrawal import withdraw
from tests.support import actors
from tests.support.actors import Visit
from tests.support.lively import lively_study
from tests.support.logged import stored

ASSIGNMENT, CHOICE, JUDGEMENT = BY_NAME["assignment"], BY_NAME["threshold_choice"], BY_NAME["judgement"]
PHRASE, RUN, SCORE, SESSION = BY_NAME["phrase"], BY_NAME["run"], BY_NAME["score"], BY_NAME["session"]


@pytest.fixture(scope="module")
def stored_alice(stored_base_model: BaseModel) -> Visit:
    """Of the lively study."""
    study = actors.open_study(actors.create_study(stored_base_model))
    alice = actors.start_visit(study, "alice")
    lively_study(study, alice, actors.start_visit(study, "bob"))
    return alice


@pytest.fixture
def alice(db: None, stored_alice: Visit) -> Visit:
    return actors.again(stored_alice)


@pytest.fixture
def lively(alice: Visit) -> Study:
    return alice.session.study


def test_the_log_of_a_lively_study_builds_every_row_again(lively: Study) -> None:
    state = replay(lively)
    assert differences(state, stored(lively)) == []
    assert not state.erased
    stages = {row["stage"] for row in state.rows[SESSION].values()}
    assert stages == {Stage.FINISHED, Stage.WITHDRAWN, Stage.TASKS, Stage.DECLINED, Stage.NOT_PASSED, Stage.CONSENT}
    assert {row["state"] for row in state.rows[RUN].values()} >= {RunState.DONE, RunState.REFUSED, RunState.FAILED}
    assert {row["state"] for row in state.rows[PHRASE].values()} == set(PhraseState.values)
    assert len(state.rows[ASSIGNMENT]) == 4
    assert len(state.rows[SCORE]) == Score.objects.count() == 9
    assert len(state.rows[CHOICE]) == 2 and len(state.rows[JUDGEMENT]) == 1


def test_a_column_that_went_since_is_no_difference(lively: Study) -> None:
    state = replay(lively)
    for row in state.rows[SESSION].values():
        row["column_of_an_earlier_release"] = 1
    assert differences(state, stored(lively)) == []


def test_what_was_built_again_is_what_happened(lively: Study, alice: Visit) -> None:
    rows = replay(lively).rows
    phrase = rows[PHRASE][f"{alice.assignment.public_id} / 4"]
    assert (phrase["text"], phrase["state"]) == ("no dots 🟥", "scored")
    score = rows[SCORE][f"{alice.assignment.public_id} / 4"]
    assert (score["sign"], score["subject"]) == (-1, "dots 🟥")
    assert score["value"] == Score.objects.get(phrase__text="no dots 🟥").value
    chosen = rows[CHOICE][f"{alice.assignment.public_id} / 1"]["run"]
    assert rows[RUN][chosen]["is_chosen"] and rows[RUN][chosen]["phrase_text"] == "red"
    session = rows[SESSION][str(alice.session.pk)]
    assert session["participant"] == alice.participant.pseudonym
    assert (session["outcome"], session["configuration"], session["kind"]) == (Outcome.COMPLETED, 1, "participant")


def test_no_text_and_no_pseudonym_stands_in_the_log_unsealed(lively: Study) -> None:
    material = ("study_opened",)  # what a coordinator wrote, and names of groups
    plain = repr(list(Event.objects.exclude(kind__in=material).values_list("kind", "payload")))
    people = lively.sessions.values_list("participant__pseudonym", "submission_key")
    secrets = [*Phrase.objects.values_list("text", flat=True), *(name for pair in people for name in pair)]
    secrets += Score.objects.values_list("text_digest", flat=True)
    assert [
        secret for secret in secrets if f"'{secret}'" in plain or (secret.startswith(("P", "S")) and secret in plain)
    ] == []
    assert "breaks the encoder" not in plain


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda: Phrase.objects.filter(text="crimson").update(text="scarlet"), "text is 'crimson' in the log"),
        (
            lambda: Score.objects.filter(phrase__text="crimson").update(tries=9),
            "tries is 1 in the log, but 9 is stored",
        ),
        (lambda: Run.objects.filter(state="failed").update(reason="bored"), "reason is 'out of memory' in the log"),
        (lambda: Run.objects.filter(state="done").update(head=b"another"), "head is '"),
        (lambda: Score.objects.filter(phrase__text="red").update(run=None), "run is '"),
        (lambda: ThresholdChoice.objects.all().delete(), "threshold choice "),
    ],
)
def test_a_row_that_was_changed_behind_the_log_is_named(lively: Study, change, named: str) -> None:
    change()
    found = differences(replay(lively), stored(lively))
    assert found and all(named in line for line in found), found


def test_a_row_that_never_went_through_the_services_is_named(lively: Study, alice: Visit) -> None:
    now = timezone.now()
    Phrase.objects.create(assignment=alice.assignment, client_uuid=uuid.uuid4(), ordinal=9, text="x", submitted_at=now)
    assert differences(replay(lively), stored(lively)) == [
        f"phrase {alice.assignment.public_id} / 9: stored, but not in the log"
    ]


def test_without_the_key_the_log_yields_a_tombstone(lively: Study, alice: Visit) -> None:
    before = replay(lively)
    assert identities.destroy(lively, alice.participant.pseudonym)
    state = replay(lively)
    assert state.erased == {alice.session.pk}
    tombstone = state.rows[SESSION][str(alice.session.pk)]
    assert tombstone["outcome"] == Outcome.COMPLETED
    assert "participant" not in tombstone and "session" not in tombstone
    for table in (PHRASE, SCORE, RUN):
        assert (
            state.rows[table].items()
            == {key: row for key, row in before.rows[table].items() if row["visit"] != alice.session.pk}.items()
        )
    found = differences(state, stored(lively))
    assert all(line.endswith("still stored, but its visit is erased") for line in found)
    assert f"phrase {alice.assignment.public_id} / 1: still stored, but its visit is erased" in found


def test_log_and_tables_agree_on_somebody_who_withdrew_was_erased_and_forgotten(lively: Study, alice: Visit) -> None:
    pseudonyms = alice.participant.pseudonym, alice.session.submission_key
    withdraw(alice.session)
    now = timezone.now()
    assert erasure.erase_due(now)[0] == 2  # bob withdrew before
    assert differences(replay(lively), stored(lively)) == []
    erasure.erase_due(now + dt.timedelta(days=60))
    state = replay(lively)
    assert differences(state, stored(lively)) == []
    assert alice.session.pk in state.erased
    told = repr([row for rows in state.rows.values() for row in rows.values()])
    assert not [name for name in (*pseudonyms, "no dots") if name in told]
    forgotten = state.rows[SESSION][str(alice.session.pk)]
    assert forgotten["participant"].startswith("X") and forgotten["participant"] in told
