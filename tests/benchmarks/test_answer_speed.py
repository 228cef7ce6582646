"""`make bench`: from pressing Enter to score and split on the page, in a real browser, while other people are active.

Web and scoring worker are the processes of production. The encoder's own time is taken off each phrase's.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from playwright.sync_api import Page

from annotations.models import Dataset, Score, Study
from deploy.local.site import Site
from tests.support import actors
from tests.support.chromium import Chromium

N_PHRASES = 60
COUNTS = {
    (actors.SQUARE, actors.BLUE): (2, 150, 2),
    (actors.SQUARE, actors.RED): (2, 116, 2),
    (actors.OVAL, actors.BLUE): (2, 2, 2),
    (actors.OVAL, actors.RED): (2, 2, 2),
}
# Milliseconds from the key to the frame that shows the score of these words.
_PRESS_ENTER = """(text) => new Promise((resolve) => {
    const field = document.getElementById("text");
    field.value = text;
    const begun = performance.now();
    const look = () => {
        const answer = document.querySelector("#answer[data-state=scored]");
        if (answer?.querySelector(".score q")?.textContent !== text || !answer.querySelector(".split")) return;
        watch.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - begun));
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
    document.getElementById("phrase").requestSubmit();
})"""


@pytest.fixture
def sprites_like(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    """A class of 266 images, of the size of the paper's."""
    monkeypatch.setattr(settings, "DATA_ROOT", tmp_path)
    return actors.store_dataset(actors.write_sprites(tmp_path, counts=COUNTS))


@pytest.fixture
def site(open_study: Study, subprocess_environment: Mapping[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of the running site: gunicorn, the workers, and the sweeper."""
    open_study.tasks.update(max_phrases=200, time_limit_s=7200)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Site(port, subprocess_environment, tmp_path, tmp_path)
    running.start()
    try:
        running.wait_until_ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        running.stop()


def sign_in(visit: actors.Visit) -> tuple[str, str]:
    """The path of a visit's task, and its session cookie."""
    return f"/visit/tasks/{visit.assignment.public_id}/", visit.client.cookies["clarify_session"].value


def open_task(chromium: Chromium, site: str, visit: actors.Visit) -> Page:
    path, cookie = sign_in(visit)
    context = chromium.browser.new_context()
    context.add_cookies([{"name": "clarify_session", "value": cookie, "url": site}])
    page = context.new_page()
    page.goto(site + path)
    return page


@pytest.mark.parametrize("people", [1, 25])
def test_from_enter_to_score_and_split(
    benchmark: Any, chromium: Chromium, site: str, open_study: Study, people: int
) -> None:
    visits = [actors.start_visit(open_study, f"person{number}") for number in range(people)]
    page = open_task(chromium, site, visits[0])
    others = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.active_people", site, str(people - 1)],
        stdin=subprocess.PIPE,
        text=True,
    )
    assert others.stdin is not None
    others.stdin.writelines(" ".join(sign_in(visit)) + "\n" for visit in visits[1:])
    others.stdin.flush()
    page.evaluate(_PRESS_ENTER, "red")  # the worker has loaded its encoder when this is answered
    times: list[float] = []

    def one_phrase() -> None:
        times.append(page.evaluate(_PRESS_ENTER, f"red {len(times)}"))

    def look_at_it() -> None:
        page.wait_for_timeout(300)

    benchmark.group = "from Enter to score and split"
    benchmark.pedantic(one_phrase, setup=look_at_it, rounds=N_PHRASES)
    others.stdin.close()
    assert others.wait(30) == 0, "the other people stopped working"
    page.context.close()
    scores = Score.objects.filter(phrase__assignment=visits[0].assignment).order_by("phrase__ordinal")
    encoding = np.array(scores.values_list("encode_ms", flat=True)[1:])
    half, most = np.percentile(np.array(times) - encoding, [50, 95])
    benchmark.extra_info["note"] = (
        f"{people} active {'person' if people == 1 else 'people'}, one in Chromium, {N_PHRASES} phrases: "
        f"p50 {half:.0f} ms, p95 {most:.0f} ms above the encoder's own time"
    )
