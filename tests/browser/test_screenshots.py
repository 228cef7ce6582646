"""The pictures in docs/images, taken from the running pages of a larger data set of sprites.

Every run walks through them; `CLARIFY_SCREENSHOTS=1 pytest tests/browser/test_screenshots.py` keeps the pictures.
"""

from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import expect

from annotations.models import Dataset
from clarify_errors.arrays.sprites.attributes import VALUES
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor, back_to_all_images
from tests.support import actors, pictures
from tests.support.sprites import draw_examples
from worker.phrases.scoring import score_due_phrases

_IN_VIEW_IS_LOADED = """() => [...document.querySelectorAll("img[src]")].every((image) => {
    const { top, left, width } = image.getBoundingClientRect();
    const isOut = !width || !image.checkVisibility() || top > innerHeight || left > innerWidth;
    return isOut || (image.complete && image.naturalWidth);
})"""
_COUNTS = {
    (actors.SQUARE, actors.BLUE): (2, 150, 2),
    (actors.SQUARE, actors.RED): (2, 116, 2),
    (actors.OVAL, actors.BLUE): (2, 2, 2),
    (actors.OVAL, actors.RED): (2, 2, 2),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A DATA_ROOT, and in it the directory of 266 squares as the sprites data set draws them."""
    root = tmp_path_factory.mktemp("squares")
    return root, actors.write_sprites(root, counts=_COUNTS, draw=sprite)


@pytest.fixture
def sprites_like(transactional_db: None, monkeypatch: pytest.MonkeyPatch, written: tuple[Path, Path]) -> Dataset:
    """These squares in place of the small ones of other tests."""
    root, directory = written
    monkeypatch.setattr(settings, "DATA_ROOT", root)
    return actors.store_dataset(directory)


def sprite(label: int, colour: int, rng: np.random.Generator) -> Image.Image:
    words = {name: str(rng.choice(VALUES[name])) for name in ("size", "tilt", "shade", "texture")}
    words |= {"shape": actors.CLASSES[label], "colour": actors.COLOURS[colour]}
    return draw_examples([words], seed=int(rng.integers(1 << 30)))[0]


def keep(visitor: Visitor, name: str, *, whole: bool = False) -> None:
    visitor.page.wait_for_function(_IN_VIEW_IS_LOADED)
    picture = visitor.page.screenshot(full_page=whole, animations="disabled", caret="hide")
    assert picture.startswith(b"\x89PNG")
    pictures.keep(name, lambda: picture)


def test_pictures_of_every_page(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    page = visitor.page
    ask_at_the_end("How hard was it? | easy | fine | hard\nWhat would have helped you?")
    names = {
        "welcome": "welcome",
        "consent": "consent",
        "tutorial: look again": "tutorial-look",
        "tutorial: done": "tutorial",
        "check: last try": "check",
        "begin": "begin",
        "task": "task-empty",
    }
    for name in visitor.walk_to_task():
        if name in names:
            keep(visitor, names[name], whole=name.startswith(("tutorial", "check")))
    visitor.say("blue")
    score_due_phrases()
    visitor.sees_score_of("blue")
    keep(visitor, "task-opposite")
    for text in ("dark squares", "red"):
        visitor.say_and_score(text)
    expect(page.locator("#answer .side")).to_have_count(2)
    keep(visitor, "task")
    back_to_all_images(page)
    page.click("#right-images .others")
    expect(page.locator("#right-others")).to_have_attribute("href", "?right=2&wrong=0")
    back_to_all_images(page)
    page.click("#wrong-images a >> nth=2")
    keep(visitor, "enlarged")
    page.keyboard.press("Escape")
    visitor.press("done")
    keep(visitor, "end", whole=True)
    visitor.press("finish")
    keep(visitor, "code")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("task-dark", {"color_scheme": "dark"}),
        ("task-german", {"locale": "de-DE"}),
        ("task-phone", {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}),
    ],
)
def test_pictures_of_the_task_elsewhere(new_visitor: NewVisitor, name: str, options: dict[str, object]) -> None:
    visitor = new_visitor(**options)
    visitor.go_to_task()
    for text in ("blue", "red"):
        visitor.say_and_score(text)
    keep(visitor, name)
