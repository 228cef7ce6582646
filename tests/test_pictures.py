"""Every picture of the docs is shown there, and every one that is shown is there."""

from tests.support import pictures


def test_the_docs_show_all_their_pictures_and_no_other() -> None:
    assert pictures.shown() == {file.name for file in pictures.FOLDER.iterdir()}
