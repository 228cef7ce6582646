"""A browser without a screen: pages, and forms found by their id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import httpx2
from bs4 import BeautifulSoup, Tag


class UnexpectedPage(Exception):
    """The site answered with something a visitor cannot go on from; the message says what, and where."""


@dataclass(frozen=True)
class Page:
    """A page as it came: its address, status and content."""

    url: httpx2.URL
    status: int
    content: BeautifulSoup

    def find(self, selector: str) -> Tag | None:
        """The first element that the CSS selector matches."""
        return self.content.select_one(selector)

    def has_form(self, form_id: str) -> bool:
        return self.find(f"form#{form_id}") is not None

    @property
    def title(self) -> str:
        return self.content.title.get_text(strip=True) if self.content.title else ""


class Browser:
    """Keeps cookies and follows redirects, as a person's browser does; one per visitor."""

    def __init__(self, base_url: str, timeout_s: float = 30) -> None:
        self.client = httpx2.Client(base_url=base_url, follow_redirects=True, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def open(self, url: str, params: Mapping[str, str] | None = None) -> Page:
        """GET a page. Raises UnexpectedPage for an error status."""
        return _page(self.client.get(url, params=params))

    def submit(
        self, page: Page, form_id: str, fields: Mapping[str, str] | None = None, *, may_refuse: bool = False
    ) -> Page:
        """Fill in the named fields of a form, keep its others as they stand, send it, and return the page that follows.

        Raises UnexpectedPage where there is no such form, and for an error status; `may_refuse` lets 400 and 409
        through, which say that what was typed was not accepted.
        """
        address, data = filled(page, form_id)
        # A browser says where a form comes from, and Django's CSRF check asks for it over HTTPS.
        answer = self.client.post(address, data={**data, **(fields or {})}, headers={"Referer": str(page.url)})
        return _page(answer, also_fine=(400, 409) if may_refuse else ())

    def report(self, page: Page, spans: Callable[[str], str]) -> None:
        """Send what the page's script would of the time at it. spans: of its assignment, as JSON."""
        told = page.find("template#activity")
        if told is None:
            raise UnexpectedPage(f"{page.url.path} says nowhere how to report time; its title is “{page.title}”")
        data = {"csrfmiddlewaretoken": str(told["data-token"]), "spans": spans(str(told["data-assignment"]))}
        response = self.client.post(str(told["data-url"]), data=data, headers={"Referer": str(page.url)})
        if not response.is_success:
            raise UnexpectedPage(f"a report of time was answered with {response.status_code}")


def filled(page: Page, form_id: str) -> tuple[httpx2.URL, dict[str, str]]:
    """Where a form goes and what stands in it. Raises UnexpectedPage where there is no such form."""
    form = page.find(f"form#{form_id}")
    if form is None:
        raise UnexpectedPage(f"{page.url.path} has no form #{form_id}; its title is “{page.title}”")
    data = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}
    return page.url.join(str(form.get("action") or page.url)), data


def _page(response: httpx2.Response, also_fine: tuple[int, ...] = ()) -> Page:
    page = Page(response.url, response.status_code, BeautifulSoup(response.text, "html.parser"))
    if response.is_success or response.status_code in also_fine:
        return page
    raise UnexpectedPage(f"{response.request.method} {response.url.path} answered {page.status}: “{page.title}”")
