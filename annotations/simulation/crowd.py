"""Many visits at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from annotations.simulation.personas import Persona
from annotations.simulation.visitor import VisitReport, visit


def send(
    base_url: str,
    study_path: str,
    parameters: tuple[str, str, str],
    personas: Sequence[Persona],
    *,
    study_id: str = "simulated",
    run: str = "1",
    at_once: int = 4,
    on_end: Callable[[VisitReport], None] = lambda report: None,
) -> list[VisitReport]:
    """Let every persona make one visit, `at_once` side by side; return the reports in the personas' order.

    parameters: names of the link's participant, study and session parameter; `run` sets the outside ids apart from
    those of an earlier crowd. Raises what a visit raises, once the visits under way are over.
    """

    def outside_ids(persona: Persona) -> Mapping[str, str]:
        return dict(
            zip(parameters, (f"sim-{run}-{persona.name}", study_id, f"visit-{run}-{persona.name}"), strict=True)
        )

    with ThreadPoolExecutor(at_once) as pool:
        visits = [pool.submit(visit, base_url, study_path, outside_ids(persona), persona) for persona in personas]
        try:
            for ended in as_completed(visits):
                on_end(ended.result())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        return [ended.result() for ended in visits]
