"""The files that a phrase enters from POST to score. `make test ARGS="tests/test_phrase_path.py -s"` prints them."""

from collections.abc import Callable

from tests.support.actors import Visit
from tests.support.tracing import entered_files
from tests.support.views_pages import say
from worker.tasks.interactive import score_phrases

MOST = 42  # a change that enters fewer lowers it
POOL = "clarify_site/web_connections.py"  # entered only where the pool has to look whether a connection lives


def test_a_phrase_is_scored_once_and_enters_no_more_files_from_post_to_score(
    alice: Visit, record_property: Callable[[str, object], None]
) -> None:
    say(alice, "blue")  # what is loaded once is loaded now
    score_phrases()
    with entered_files() as entries:
        say(alice, "red")
        score_phrases()
    files = [file for file in dict.fromkeys(entries) if file != POOL]
    print(f"{len(files)} files", *files, sep="\n")
    record_property("files from POST to score", len(files))
    assert len(files) <= MOST, f"{len(files)} files, {MOST} before: {', '.join(files)}"
    assert entries.count("modeling/clarify_errors/arrays/phrases/error_score.py") == 1
