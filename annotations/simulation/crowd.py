"""Many visits at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from annotations.simulation.personas import Persona
from annotations.simulation.visitor import VisitReport, visit

Link = Callable[[int, Persona], Mapping[str, str]]  # the query of the link by which person n comes


def as_participants(parameters: tuple[str, str, str], *, study_id: str = "simulated", run: str = "1") -> Link:
    """Return the participants' own link for each person: nobody can tell these visits from people's, so they count.

    parameters: names of the link's participant, study and session parameter; `run` sets the outside ids apart from
    those of an earlier crowd.
    """

    def query(_number: int, persona: Persona) -> Mapping[str, str]:
        ids = (f"sim-{run}-{persona.name}", study_id, f"visit-{run}-{persona.name}")
        return dict(zip(parameters, ids, strict=True))

    return query


def send(
    base_url: str,
    study_path: str,
    link: Link,
    personas: Sequence[Persona],
    *,
    at_once: int = 4,
    on_end: Callable[[VisitReport], None] = lambda report: None,
) -> list[VisitReport]:
    """Let every persona make one visit, `at_once` side by side; return the reports in the personas' order.

    Raises what a visit raises, once the visits under way are over.
    """
    with ThreadPoolExecutor(at_once) as pool:
        visits = [
            pool.submit(visit, base_url, study_path, link(number, persona), persona)
            for number, persona in enumerate(personas)
        ]
        try:
            for ended in as_completed(visits):
                on_end(ended.result())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        return [ended.result() for ended in visits]
