"""Who gathers images, or stores what a reviewer says of them, is killed: nothing is lost, and the same is found."""

import signal
from pathlib import Path

import pytest
from django.utils import timezone

from annotations.models import Gathering, JobState, Score
from annotations.pools import gatherings
from annotations.pools.review_progress import review_progress
from annotations.queue import jobs
from tests.support import forked
from tests.worker.pools.conftest import gather, imported
from worker.tasks.embed import gather_images

pytestmark = pytest.mark.django_db(transaction=True)

# Kills itself as soon as it has looked at candidates.
KILLED = """
import os, signal, django
django.setup()
from annotations.pools import gatherings
gatherings.store_candidates = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from worker.tasks.embed import gather_images
gather_images()
"""


# Says what two images show, and is killed while the third verdict is being stored.
KILLED_IN_REVIEW = """
import os, signal, sys, django
django.setup()
from django.db.models.signals import post_save
from annotations.models import Gathering, ImageReview, Verdict
from annotations.pools import image_reviews
gathering = Gathering.objects.get(pk=sys.argv[1])
for place in (0, 1):
    image_reviews.say(gathering, place, Verdict.DROP, None, by="ada")
    print(place, flush=True)
post_save.connect(lambda **_: os.kill(os.getpid(), signal.SIGKILL), sender=ImageReview, weak=False)
image_reviews.say(gathering, 2, Verdict.DROP, None, by="ada")
print(2, flush=True)
"""


def test_a_review_that_was_killed_keeps_every_verdict_that_it_acknowledged(
    red: Score, folder: Path, subprocess_environment: dict[str, str]
) -> None:
    gathering = gather(red, imported(folder))
    done = forked.run(KILLED_IN_REVIEW, str(gathering.pk), environment=subprocess_environment)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1"]), done.stderr
    assert list(gathering.reviews.order_by("place").values_list("place", flat=True)) == [0, 1]
    progress = review_progress(gathering, "ada")
    assert (progress.n_done, progress.place) == (2, 2)  # goes on where it was


def test_a_search_that_was_killed_is_done_again_and_finds_the_same(
    red: Score, folder: Path, subprocess_environment: dict[str, str]
) -> None:
    pool = imported(folder)
    whole = gather(red, pool, seed=3)
    study, base_model = whole.study, whole.base_model
    settings = {"class_by": "none", "duplicate_threshold": 0.9999, "n_random": 10, "n_known": 6, "seed": 3}
    killed = gatherings.request(study, base_model, pool, [(red, red.threshold or 0.0)], by="ada", **settings)
    done = forked.run(KILLED, environment=subprocess_environment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    killed.refresh_from_db()
    assert (killed.state, killed.items) == (JobState.RUNNING, [])
    long_ago = timezone.now() - 2 * jobs.SILENT_FOR
    Gathering.objects.filter(pk=killed.pk).update(heartbeat_at=long_ago)
    gather_images()
    killed.refresh_from_db()
    assert (killed.state, killed.items) == (JobState.DONE, whole.items)
