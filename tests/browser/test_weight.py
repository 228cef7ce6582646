"""The first view of a task weighs little before its images, whatever the page brings along."""

from playwright.sync_api import Response

from tests.browser.visitor import Visitor

MAX_BYTES = 150_000  # as they are, before any compression


def test_the_first_view_of_a_task_is_light(visitor: Visitor) -> None:
    visitor.go_to_task()
    came: list[Response] = []
    fresh = visitor.page.context.new_page()
    fresh.on("response", lambda response: came.append(response))
    fresh.goto(visitor.page.url, wait_until="networkidle")
    asked_for = [response for response in came if response.request.method == "GET"]
    weights = {one.url: len(one.body()) for one in asked_for if one.request.resource_type != "image"}
    for part in ("clarify.css", "phrase.js", "activity.js"):
        assert any(url.endswith(part) for url in weights)
    assert sum(weights.values()) <= MAX_BYTES, weights
