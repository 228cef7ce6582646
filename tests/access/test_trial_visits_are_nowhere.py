"""What previews and simulated people left stands on no page, in no file and no answer but those named here.

The words of somebody who withdrew neither, from that moment on: erasure follows within minutes. The person still counts
where people and money are counted.
"""

import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.models import (
    AnnotationSession,
    Correction,
    EndAnswer,
    EndReason,
    GatheredTraining,
    Gathering,
    GatheringPart,
    ImageReview,
    JobState,
    Payment,
    Phrase,
    PracticePhrase,
    Rehearsal,
    Run,
    Stage,
    Study,
    Submission,
    Verdict,
)
from annotations.phrases import assignments
from annotations.pools import gatherings
from annotations.visits import preview_links, sessions
from tests.access.answers import OPERATOR, PARTICIPANT
from tests.access.matrix import MATRIX
from tests.access.world import World, build
from tests.support import actors
from tests.support.analysis_studies import analyse
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import shown, tree

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_snapshot"), pytest.mark.timeout(900)]  # a walk

WORDS, MONEY = "qwertzuiop", 98_765  # in hundredths
REAL, TAKEN_BACK = "red", "crimsonish"  # what somebody said who counts, and who counts and withdrew
SPOKEN = (WORDS, "987.65", "98765")
MOST = 1_500  # addresses that one person looks at
# Of lists one page is enough; of events, accounts and the site's own documents none is about what people wrote.
_LEAVES = re.compile(r"/logout/|/history/|/event/\d|/auth/|/schema/|/docs/|__|[?&](o|p|all|_changelist_filters)=")
_IN_JSON = re.compile(r'"(?:http://testserver)?(/api/[^"]+)"')

# Where they may be read, and why.
ALLOWED = {
    r"/admin/annotations/(annotationsession|assignment|phrase|run)/": "lists of rows, and rows: each says whose visit",
    r"/admin/annotations/event/": "the event log holds all that happened, each event with its visit",
    r"/api/v1/.*include=rehearsals": "who asks for rehearsals gets them",
}
LEDGER = r"exclusions(\.csv|/)"  # names what was left out, by pseudonyms alone


@pytest.fixture(scope="module")
def rehearsed(rows_of_the_module: None, sprites_directory: Path) -> World:
    """A study with a person's words; a preview's and a simulated person's are planted beside them."""
    world = build(sprites_directory)
    study = world.here[0]
    _correct(study, Phrase.objects.select_related("assignment__task__base_model", "score").get(text=REAL), REAL)
    user = User.objects.get(username="operator")
    links = preview_links.preview_url(study, user).partition(f"{preview_links.PARAMETER}=")[2]
    simulated = preview_links.simulated_parameters(study, 0, seed=1)[preview_links.PARAMETER]
    for token in (links, simulated):
        session = preview_links.enter(study, token)
        _plant(session, study, WORDS)
        _pay(session)
    withdrawn = sessions.enter(study, participant_id="dora", study_id=f"{study.slug}-outside", session_id="doras")
    _plant(withdrawn, study, TAKEN_BACK)
    now, hers = timezone.now(), AnnotationSession.objects.filter(pk=withdrawn.pk)
    hers.update(stage=Stage.WITHDRAWN, outcome="withdrawn", withdrawn_at=now, ended_at=now)
    Rehearsal.objects.create(
        study=study, n_people=1, seed=1, requested_by="operator", state=JobState.DONE, finished_at=timezone.now()
    )
    analyse(study)
    return world


def _plant(session: AnnotationSession, study: Study, words: str) -> None:
    """Everything that a visit can leave behind but money: phrases, runs, notes, answers, what is made of its words."""
    sessions.give_consent(session)
    actors.pass_check(actors.do_tutorial(session))
    PracticePhrase.objects.filter(session=session).update(text=f"{words} in practice")
    visit = actors.Visit(session, assignments.start(session.assignments.get()), actors.client_of(session), {})
    phrase = add_phrase(visit, f"{words} {session.kind}", 0.9)
    add_run(phrase, 0.95)
    add_phrase(visit, f"{words} waits")
    visit.assignment.note = f"{words} noted"
    visit.assignment.save(update_fields=["note"])
    assignments.end(visit.assignment, EndReason.DONE)
    sessions.finish(session)
    EndAnswer.objects.create(session=session, number=1, question="What?", answer=f"{words} answered", language="")
    typed = WORDS if words == WORDS else "staff"  # what the staff typed stays
    _gather(study, phrase, typed)
    _correct(study, phrase, typed)


def _pay(session: AnnotationSession) -> None:
    study = session.study
    of = {"study": study, "submission_key": session.submission_key, "pseudonym": session.participant.pseudonym}
    submission = Submission.objects.create(**of, session=session, status="AWAITING REVIEW", entered_code=WORDS)
    Payment.objects.create(
        study=study,
        submission=submission,
        rule="by hand",
        reason=f"{WORDS} paid",
        amount_cents=MONEY,
        currency="GBP",
        idempotency_key=f"{WORDS}-{session.kind}",
    )


def _gather(study: Study, phrase: Phrase, typed: str) -> None:
    """A check of what the phrase selects, with a review of it, and a training with what was gathered."""
    done = {"state": JobState.DONE, "finished_at": timezone.now(), "requested_by": "ada"}
    items = [{"row": 3, "arm": "above", "of": 9}, {"row": 4, "arm": "below", "of": 9}]
    task = phrase.assignment.task
    check = Gathering.objects.create(study=study, base_model=task.base_model, items=items, **done)
    GatheringPart.objects.create(
        gathering=check,
        score=phrase.score,
        target_class=task.target_class or 0,
        threshold=phrase.score.threshold or 0.0,
    )
    ImageReview.objects.create(
        gathering=check, place=0, reviewer="ada", verdict=Verdict.KEEP, label=0, seconds=1.0, reviewed_at=timezone.now()
    )
    table = [{"name": f"{typed} trained", "n_added": 1, "minutes": None, "reason": f"{typed} refused"}]
    GatheredTraining.objects.create(gathering=check, dataset=task.base_model.dataset, table=table, **done)


def _correct(study: Study, phrase: Phrase, typed: str) -> None:
    """A pooled correction of the phrase, trained and decided on."""
    task = phrase.assignment.task
    label = task.target_class or 0
    correction = Correction.objects.create(
        study=study,
        base_model=task.base_model,
        ablations=[{"class": label, "phrase": str(phrase), "sets": []}],
        head=b"head",
        review_reason=f"{typed} decided",
        reviewed_by="ada",
        reviewed_at=timezone.now(),
        state=JobState.DONE,
        finished_at=timezone.now(),
        requested_by="ada",
    )
    correction.parts.create(score=phrase.score, target_class=label, threshold=phrase.score.threshold or 0.0)


def walk(world: World, person: str) -> Iterator[tuple[str, str]]:
    """Yield each address that somebody reaches from the routes of the matrix by links, and what is read there."""
    client: Any = world.clients[person]
    waiting = deque(world.address(path, line.given) for path, line in MATRIX.items() if line.get is not None)
    known = set(waiting)
    while waiting:
        address = waiting.popleft()
        answer = client.get(address, follow=True)  # to where a message is shown that the first answer left
        if answer.status_code != 200:
            continue
        address, kind = answer.redirect_chain[-1][0] if answer.redirect_chain else address, answer["Content-Type"]
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if kind.startswith("application/zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{address}#{name}", _text(archive.read(name))) for name in archive.namelist())
            continue
        yield address, _text(content)
        for link in _links(kind, content):
            leads_to = urldefrag(urljoin(address, link))[0]
            if leads_to.startswith("/") and leads_to not in known and not _LEAVES.search(leads_to):
                known.add(leads_to)
                waiting.append(leads_to)
    assert len(known) < MOST


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _links(kind: str, content: bytes) -> list[str]:
    """Where a page, or an answer of the API, leads."""
    if kind.startswith("text/html"):
        return [str(link["href"]) for link in BeautifulSoup(content, "html.parser").select("a[href]")]
    return _IN_JSON.findall(_text(content)) if kind.startswith("application/json") else []


def names() -> list[str]:
    """How the people and visits that do not count are known."""
    gone = AnnotationSession.objects.exclude(kind="participant").select_related("participant")
    found = [name for row in gone for name in (row.submission_key, row.participant.pseudonym, str(row.public_id))]
    assert len(found) == 6
    return found


def test_the_staff_read_what_they_left_only_where_it_may_stand(rehearsed: World) -> None:
    read = dict(walk(rehearsed, OPERATOR))
    known = names()
    found = {}
    for address, text in read.items():
        planted = SPOKEN if re.search(LEDGER, address) else (*SPOKEN, *known)
        said = {each for each in planted if each in text}
        if said and not any(re.match(pattern, address) for pattern in ALLOWED):
            found[address] = said
    assert found == {}
    withdrawn = [address for address, text in read.items() if TAKEN_BACK in text]
    left = [address for address in withdrawn if not any(re.match(pattern, address) for pattern in ALLOWED)]
    assert not left, "\n".join(left)
    study = rehearsed.here[0].pk
    hers = AnnotationSession.objects.get(withdrawn_at__isnull=False).participant.pseudonym
    assert hers in read[f"/admin/annotations/study/{study}/reconciliation/"]  # people and money count her
    # These show what people wrote.
    for page in ("correction", "gathering", "moderation", "results", "concepts", "change"):
        assert REAL in read[f"/admin/annotations/study/{study}/{page}/"], page
    assert any(address.endswith("phrases.csv") and REAL in text for address, text in read.items())


def test_rows_that_a_trial_visit_left_say_whose_they_are(rehearsed: World) -> None:
    client = rehearsed.clients[OPERATOR]
    run = Run.objects.get(phrase_text=f"{WORDS} simulated")
    lines = tree(client.get("/admin/annotations/run/")).select("tbody tr")
    assert {"simulated" in shown(line) for line in lines if WORDS in shown(line)} == {True, False}
    assert "simulated visit, counted nowhere" in shown(tree(client.get(f"/admin/annotations/run/{run.pk}/change/")))


def test_a_participant_reads_nothing_of_them(rehearsed: World) -> None:
    read = dict(walk(rehearsed, PARTICIPANT))
    assert any("/visit/tasks/" in address for address in read)
    assert {address for address, text in read.items() if any(each in text for each in (*SPOKEN, *names()))} == set()


@pytest.mark.parametrize("words", [f"{WORDS} simulated", f"{TAKEN_BACK} participant"])
def test_nothing_is_gathered_for_their_words(rehearsed: World, words: str) -> None:
    phrase = Phrase.objects.select_related("score", "assignment__task__base_model").get(text=words)
    with pytest.raises(NotPossible, match="does not count"):
        gatherings.request(
            rehearsed.here[0], phrase.assignment.task.base_model, None, [(phrase.score, 0.1)], by="operator"
        )
