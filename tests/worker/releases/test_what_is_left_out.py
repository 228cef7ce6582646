"""What is in no release, and that the ledger says so."""

import json

import pytest

from annotations.models import (
    AnnotationSession,
    Moderation,
    Participant,
    Phrase,
    SessionKind,
    Study,
)
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.worker.releases.released import build, opened, table, without_figures

pytestmark = pytest.mark.django_db(transaction=True)


@without_figures
def test_the_ledger_says_what_is_left_out_and_why(worked: Study, alice: Visit, bob: Visit) -> None:
    withdraw(alice.session)
    preview = AnnotationSession.objects.create(
        study=worked,
        participant=Participant.objects.create(study=worked, pseudonym="Ppreview"),
        configuration=worked.configurations.get(),
        submission_key="Spreview",
        kind=SessionKind.PREVIEW,
        seed=1,
        code_version="x",
    )
    Phrase.objects.filter(text="crimson").update(moderation=Moderation.EXCLUDED, moderation_reason="spam")
    Phrase.objects.filter(text="dark").update(moderation=Moderation.HIDDEN, moderation_reason="names somebody")
    archive = opened(build(worked))
    ledger = table(archive, "exclusions.csv")
    reasons = {(row["what"], row["reason"]): row for row in ledger}
    assert reasons["visit", "preview"]["session"] == preview.submission_key
    assert reasons["visit", "withdrawn"]["session"] == alice.session.submission_key
    assert reasons["phrase", "moderation"]["detail"] == "spam"
    assert reasons["phrase", "pending"]["ordinal"] == "4"
    assert reasons["run", "refused"]["detail"] == "a slice is too small"
    texts = [row["text"] for row in table(archive, "phrases.csv")]
    assert "crimson" not in texts and "dark" not in texts and "(hidden)" in texts
    for name in archive.namelist():
        if not name.startswith("figures/") and not name.endswith((".py", ".toml")):  # Clarify's own code has any word
            assert not {word for word in ("crimson", "dark", "HYPERLINK") if word.encode() in archive.read(name)}, name


@without_figures
def test_events_of_withdrawn_visits_are_not_in_the_log_of_a_release(worked: Study, alice: Visit) -> None:
    withdraw(alice.session)
    archive = opened(build(worked))
    sessions = {json.loads(line)["session"] for line in archive.read("events.jsonl").decode().splitlines()}
    assert alice.session.submission_key not in sessions
    assert len(sessions) == 3  # bob, carol, and the study itself
