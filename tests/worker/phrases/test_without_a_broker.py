"""Where no broker is, a worker finds by itself what people submitted."""

from pathlib import Path

from annotations.models import Phrase, PhraseState
from deploy.local.services import free_port
from tests.support.actors import Visit
from tests.support.steps import submit
from tests.worker.processes import scoring_worker, wait_until


def test_phrases_are_scored_where_no_broker_is_reachable(
    alice: Visit, subprocess_environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    environment = {**subprocess_environment, "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    scored = Phrase.objects.filter(state=PhraseState.SCORED)
    with scoring_worker(log, environment) as process:
        submit(alice, "red")
        wait_until(lambda: scored.count() == 1, process, log)
        submit(alice, "blue")  # it looks again
        wait_until(lambda: scored.count() == 2, process, log)
    assert "no broker, so the worker looks for work by itself" in log.read_text()
