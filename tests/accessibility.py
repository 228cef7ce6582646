"""axe-core on a page that is there as a whole."""

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

# What Django's own tables of rows break: the first column holds what is hidden here, and has no heading.
DJANGOS = ("empty-table-header",)
# What another theme changes; every other rule holds in both or in none.
COLOURS = ("color-contrast", "link-in-text-block")


def follow(link: Locator) -> None:
    """Click what leads to another page, and wait for that page; a click alone may return while the old one stands."""
    with link.page.expect_navigation():
        link.click()


def overhang(page: Page) -> int:
    """By how many CSS pixels the page is wider than its window; that of a page on its way has no element yet."""
    page.wait_for_load_state()
    return int(page.evaluate("(html => html.scrollWidth - html.clientWidth)(document.documentElement)"))


# What fades in has less contrast on its way than once it is there.
_STAND_STILL = """async () => {
    const passing = (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(passing).map((one) => one.finished));
}"""


def assert_no_violations(page: Page, name: str = "", *, without: Iterable[str] = (), scheme: str = "light") -> None:
    """Raise AssertionError, with axe's report, where a page breaks a rule; in the dark, one about colours."""
    page.wait_for_load_state()
    page.evaluate(_STAND_STILL)
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
    if scheme == "dark":
        options["runOnly"] = {"type": "rule", "values": list(COLOURS)}
    results = Axe().run(page, options=options)
    assert results.violations_count == 0, f"{name or page.url}: {results.generate_report()}"
