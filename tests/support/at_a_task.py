"""People who go straight to a task, and send phrases as the page's script does."""

from collections.abc import Mapping

from annotations.simulation.page_browser import Browser, Page, UnexpectedPage, filled
from annotations.simulation.personas import Leaves, Persona
from annotations.simulation.visitor import Visitor


def come_to_task(browser: Browser, study_path: str, parameters: Mapping[str, str]) -> Page:
    """Come by the study's link, go to the first task that is not done, begin it, and return its page.

    Raises UnexpectedPage, also where the visit is over, and httpx2.HTTPError; who comes again by the same link then
    goes on from there.
    """
    visitor = Visitor(browser, Persona("straight", (), Leaves.MID_TASK), is_patient=True)
    page = browser.open(study_path, parameters)
    while not page.has_form("phrase"):
        following = visitor.next(page)
        if following is None:
            raise UnexpectedPage(f"the visit ended at {page.url.path} without a form #phrase")
        page = following
    return page


def prepared(browser: Browser, page: Page, form_id: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """A form's address, what stands in it, and this visitor's headers, for another client to send it."""
    address, data = filled(page, form_id)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    return str(address), data, {"Cookie": cookies, "Referer": str(page.url)}


def send(browser: Browser, page: Page, form_id: str, fields: Mapping[str, str]) -> int:
    """Send a form as the page's script does, which stays on the page, and return the status of the answer."""
    address, data = filled(page, form_id)
    headers = {"Referer": str(page.url), "Clarify-Fragment": "1"}
    return browser.client.post(address, data={**data, **fields}, headers=headers, follow_redirects=False).status_code
