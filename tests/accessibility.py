"""axe-core on a page that is there as a whole."""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

# What Django's own tables of rows break: the first column holds what is hidden here, and has no heading.
DJANGOS = ("empty-table-header",)


def follow(link: Locator) -> None:
    """Click what leads to another page, and wait for that page; a click alone may return while the old one stands."""
    with link.page.expect_navigation():
        link.click()


def assert_no_violations(page: Page, name: str = "", *, without: Iterable[str] = ()) -> None:
    """Raise AssertionError, with axe's report, where a page breaks a rule."""
    page.wait_for_load_state()
    rules = {rule: {"enabled": False} for rule in without}
    results = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
    assert results.violations_count == 0, f"{name or page.url}: {results.generate_report()}"
