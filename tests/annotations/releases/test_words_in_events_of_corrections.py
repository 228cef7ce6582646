"""An export's log says of a correction what it was trained with, and gives no words away."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.utils import timezone

from annotations.log import events
from annotations.models import Correction, JobState, Study, event_kinds
from annotations.releases.study_export import write_study_zip
from tests.support.actors import SQUARE, Visit
from tests.support.rows import add_phrase

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_snapshot")]


def logged(study: Study) -> list[dict[str, Any]]:
    file = io.BytesIO()
    write_study_zip(study, file)
    with zipfile.ZipFile(file) as archive:
        return [json.loads(line) for line in archive.read("events.jsonl").decode().splitlines()]


def test_the_words_that_earlier_versions_put_into_an_event_are_left_out(open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "crimson", 0.5)
    correction = Correction.objects.create(
        study=open_study,
        base_model=phrase.assignment.task.base_model,
        ablations=[{"class": SQUARE, "phrase": "crimson", "sets": []}],
        head=b"head",
        state=JobState.DONE,
        finished_at=timezone.now(),
        requested_by="ada",
    )
    part = correction.parts.create(score=phrase.score, target_class=SQUARE, threshold=0.1)
    events.record(event_kinds.CORRECTION_TRAINED, open_study, correction, part)
    (of_correction,) = [each for each in logged(open_study) if each["kind"] == event_kinds.CORRECTION_TRAINED]
    assert "crimson" not in json.dumps(of_correction)
    rows = of_correction["payload"][events.ROWS]
    assert rows["correction"][str(correction.public_id)]["ablations"] == [{"class": SQUARE, "sets": []}]
    assert rows["correction_part"]
