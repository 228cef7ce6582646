"""The files that a phrase enters from POST to score. `make test ARGS="tests/test_phrase_path.py -s"` prints them."""

from tests.actors import Visit
from tests.annotations.views.pages import say
from tests.tracing import entered_files
from worker.tasks.interactive import score_phrases


def test_a_phrase_enters_few_files_from_post_to_score(alice: Visit) -> None:
    say(alice, "blue")  # what is loaded once is loaded now
    score_phrases()
    with entered_files() as entries:
        say(alice, "red")
        score_phrases()
    files = list(dict.fromkeys(entries))
    print(f"{len(files)} files", *files, sep="\n")
    # 0.9 entered 33. Two came since that close holes: counters in Redis, and the seal around a study's key. Three judge
    # a score by both levels on one worded scale, since what the page shows is stored with it. One renews leases. Two
    # have the words by which a person is asked about typing errors before a try is used. Two check what a request says
    # where it is parsed, before anything normalises it.
    assert len(files) <= 42
    assert entries.count("worker/phrases/scoring.py") == 1
