"""axe-core on a page that is there as a whole."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from axe_playwright_python.base import AXE_FILE_NAME, AxeResults
from django.templatetags.static import static
from playwright.sync_api import Locator, Page

# What Django's own tables of rows break: the first column holds what is hidden here, and has no heading.
DJANGOS = ("empty-table-header",)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What another theme changes; every other rule holds in both or in none.
COLOURS = ("color-contrast", "link-in-text-block")
# Of which the colours were seen in the light, and are in the dark as in the rows before: to look at each takes seconds.
FURTHER_ROWS = "tbody tr:nth-child(n+4)"


def follow(link: Locator) -> None:
    """Click what leads to another page, and wait for that page; a click alone may return while the old one stands."""
    with link.page.expect_navigation():
        link.click()


def each_look(page: Page) -> Iterator[Literal["light", "dark"]]:
    """Give a page both themes at the widths of a laptop and of a phone; yield the theme. The page stays."""
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in THEMES:
            page.emulate_media(color_scheme=scheme)
            yield scheme


def overhang(page: Page) -> int:
    """By how many CSS pixels the page is wider than its window; that of a page on its way has no element yet."""
    page.wait_for_load_state()
    return int(page.evaluate("(html => html.scrollWidth - html.clientWidth)(document.documentElement)"))


# What fades in has less contrast on its way than once it is there. It is put there: a page of which the browser draws
# no frame, as one of several may be, would be on its way for ever.
_STAND_STILL = """() => document.getAnimations()
    .filter((one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity)
    .forEach((one) => one.finish())"""


_LOAD = """(address) => new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.onload = () => { script.remove(); loaded(); };
    script.onerror = () => failed(new Error(`${address} does not load`));
    script.src = address;
    document.head.append(script);
})"""
_VIOLATIONS = "([part, options]) => axe.run(part ?? document, options).then((results) => results.violations)"


def assert_no_violations(page: Page, name: str = "", *, without: Iterable[str] = (), scheme: str = "light") -> None:
    """Raise AssertionError, with axe's report, where a page breaks a rule; in the dark, one about colours."""
    page.wait_for_load_state()
    page.evaluate(_STAND_STILL)
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
    part: dict[str, Any] | None = None
    if scheme == "dark":
        options["runOnly"] = {"type": "rule", "values": list(COLOURS)}
        part = {"include": ["html"], "exclude": [FURTHER_ROWS]}
    if not page.evaluate("'axe' in window"):  # of this page, whose reader's theme has changed since
        page.evaluate(_LOAD, static(AXE_FILE_NAME))
    found = page.evaluate(_VIOLATIONS, [part, options])
    report = AxeResults({"violations": found}).generate_report()
    assert not found, f"{name or page.url}, {scheme}: {report}"


def assert_no_violations_in_both_themes(page: Page, name: str = "", *, without: Iterable[str] = ()) -> None:
    """Raise AssertionError as `assert_no_violations` does; the page stays, and ends in the light."""
    for scheme in reversed(THEMES):
        page.emulate_media(color_scheme=scheme)
        assert_no_violations(page, name, without=without, scheme=scheme)
