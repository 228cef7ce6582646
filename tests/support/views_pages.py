"""Reading pages in tests: an answer as a tree, and a phrase as a form submits it."""

import uuid
from typing import Any

from bs4 import BeautifulSoup, Tag

from tests.support.actors import Visit


def tree(response: Any) -> BeautifulSoup:
    """The page of an answer."""
    return BeautifulSoup(response.content, "html.parser")


def one(response: Any, selector: str) -> Tag:
    """The one element of the page that the CSS selector matches."""
    found = tree(response).select(selector)
    assert len(found) == 1, f"{len(found)} elements match {selector!r}"
    return found[0]


def shown(element: Tag) -> str:
    """The text of an element as a browser shows it: line breaks and indentation of the template are one space."""
    return " ".join(element.get_text().split())


def task_url(visit: Visit, rest: str = "") -> str:
    """The address of the visit's first task."""
    return f"/visit/tasks/{visit.assignment.public_id}/{rest}"


def say(visit: Visit, text: str, client_uuid: uuid.UUID | None = None, *, fragment: bool = False) -> Any:
    """Submit a phrase as the page's form does, or as its script does."""
    data = {"client_uuid": str(client_uuid or uuid.uuid4()), "text": text, "right": "0", "wrong": "0"}
    headers = {"Clarify-Fragment": "1"} if fragment else {}
    return visit.client.post(task_url(visit, "phrases"), data, headers=headers)
