"""People at work, for a benchmark: each sends a phrase every few seconds and waits for its score as the page's script
does. `python -m tests.benchmarks.active_people BASE_URL N`, with "task path, session cookie" a line on standard input.
"""

import random
import sys
import threading
import time
import uuid

import httpx2
from bs4 import BeautifulSoup

EVERY_S = 10.0  # a phrase, on average
FRAGMENT = {"Clarify-Fragment": "1"}
WORDS = ("red", "blue", "dark", "light", "green", "tilted", "small", "large", "striped", "round", "far away", "two")


def main(base_url: str, people: list[tuple[str, str]]) -> None:
    """Work until standard input is closed."""
    for number, (path, cookie) in enumerate(people):
        threading.Thread(target=_work, args=(base_url, path, cookie, random.Random(number)), daemon=True).start()
    sys.stdin.read()


def _work(base_url: str, path: str, cookie: str, rng: random.Random) -> None:
    with httpx2.Client(base_url=base_url, cookies={"clarify_session": cookie}, timeout=30) as browser:
        page = BeautifulSoup(browser.get(path).text, "html.parser")
        token = str(page.select("#phrase [name=csrfmiddlewaretoken]")[0]["value"])
        time.sleep(rng.uniform(0, EVERY_S))
        while True:
            _say(browser, path, token, " ".join(rng.sample(WORDS, 2)))
            time.sleep(rng.uniform(0.5, 1.5) * EVERY_S)


def _say(browser: httpx2.Client, path: str, token: str, text: str) -> None:
    client_uuid = str(uuid.uuid4())
    data = {"csrfmiddlewaretoken": token, "client_uuid": client_uuid, "text": text, "right": "0", "wrong": "0"}
    browser.post(f"{path}phrases", data=data, headers=FRAGMENT).raise_for_status()
    wait = 0.04
    while browser.get(f"{path}phrases/{client_uuid}", headers=FRAGMENT).status_code == 204:
        time.sleep(wait)
        wait = min(1.25 * wait, 3.0)


if __name__ == "__main__":
    lines = [sys.stdin.readline().split() for _ in range(int(sys.argv[2]))]
    main(sys.argv[1], [(path, cookie) for path, cookie in lines])
