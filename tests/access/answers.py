"""Who asks, what can be answered, and the usual answers of a route to all of them."""

from dataclasses import dataclass, field
from typing import Any

ANONYMOUS, PARTICIPANT, OTHER_PARTICIPANT = "anonymous", "participant", "other participant"
ANALYST_ELSEWHERE, ANALYST = "analyst of another study", "analyst"
COORDINATOR_ELSEWHERE, COORDINATOR = "coordinator of another study", "coordinator"
OPERATOR = "operator"
STAFF = (ANALYST_ELSEWHERE, ANALYST, COORDINATOR_ELSEWHERE, COORDINATOR, OPERATOR)
EVERYBODY = (ANONYMOUS, PARTICIPANT, OTHER_PARTICIPANT, *STAFF)

REACHED = "reached"  # answered by the page itself, be it to say that the form is not right
REFUSED = "refused"  # 401 or 403: it is known to be there
ABSENT = "absent"  # 404: nobody learns whether it is there
SIGN_IN = "sign in"  # sent to the staff's sign-in

Answers = dict[str, str]


def answer_of(response: Any) -> str:
    """Name what an answer says about the access of who asked."""
    status = response.status_code
    if status in (301, 302, 303) and response.headers["Location"].startswith("/admin/login/?"):
        return SIGN_IN
    if status >= 500:
        return f"broken: {status}"
    return {401: REFUSED, 403: REFUSED, 404: ABSENT}.get(status, REACHED)


def _answers(*, others: str, staff: str | None = None, **special: str) -> Answers:
    answers = dict.fromkeys(EVERYBODY, others)
    if staff is not None:
        answers |= dict.fromkeys(STAFF, staff)
    return answers | {name.replace("_", " "): answer for name, answer in special.items()}


ANYONE = _answers(others=REACHED)
NOBODY = _answers(others=ABSENT)
REFUSED_TO_ALL = _answers(others=REFUSED)  # whose sign-in had no second step
# Participants' pages: of the visit in the cookie, and of one visit that the address names.
IN_A_VISIT = _answers(others=ABSENT, participant=REACHED, other_participant=REACHED)
OF_ONE_VISIT = _answers(others=ABSENT, participant=REACHED)
# The admin.
OF_STAFF = _answers(others=SIGN_IN, staff=REACHED)
OF_SET_UP = OF_STAFF | dict.fromkeys((ANALYST, ANALYST_ELSEWHERE), REFUSED)
SET_UP_ABSENT = OF_STAFF | dict.fromkeys((ANALYST, ANALYST_ELSEWHERE), ABSENT)
VIEW = _answers(others=SIGN_IN, staff=ABSENT, analyst=REACHED, coordinator=REACHED, operator=REACHED)
COORDINATE = VIEW | {ANALYST: ABSENT}
CHANGE = VIEW | {ANALYST: REFUSED}  # on a row that the analyst sees
REFUSED_WHERE_SEEN = VIEW | dict.fromkeys((ANALYST, COORDINATOR, OPERATOR), REFUSED)
REFUSED_TO_STAFF = _answers(others=SIGN_IN, staff=REFUSED)
ABSENT_TO_STAFF = _answers(others=SIGN_IN, staff=ABSENT)
OPERATE = _answers(others=SIGN_IN, staff=ABSENT, operator=REACHED)
OPERATE_REFUSED = _answers(others=SIGN_IN, staff=REFUSED, operator=REACHED)
# The API, which sends nobody to a sign-in.
API_OF_STAFF = _answers(others=REFUSED, staff=REACHED)
API_VIEW = _answers(others=REFUSED, staff=ABSENT, analyst=REACHED, coordinator=REACHED, operator=REACHED)


@dataclass(frozen=True)
class Route:
    """One address and the answers to a GET and to a POST. `given` fills in the address; None: that method is not asked.

    A value of `given` that is the name of something in the world stands for it.
    """

    get: Answers | None = None
    post: Answers | None = None
    given: dict[str, Any] = field(default_factory=dict)


def route(get: Answers | None = None, post: Answers | None = None, **given: Any) -> Route:
    """One line of the matrix."""
    return Route(get, post, given)


def read_only(model: str, page: Answers = VIEW, refused: Answers = REFUSED_WHERE_SEEN) -> dict[str, Route]:
    """The lines of a model that the admin shows and nobody changes; the row is the world's of that name."""
    start = f"admin/annotations/{model}/"
    return {
        start: route(get=OF_STAFF),
        f"{start}add/": route(get=REFUSED_TO_STAFF, post=REFUSED_TO_STAFF),
        f"{start}<path:object_id>/": route(get=OF_STAFF, object_id=model),
        f"{start}<path:object_id>/change/": route(get=page, post=refused, object_id=model),
        f"{start}<path:object_id>/delete/": route(get=refused, post=refused, object_id=model),
        f"{start}<path:object_id>/history/": route(get=page, object_id=model),
    }


def api_rows(path: str, key: str, name: str, pattern: str = "[^/.]+", page: Answers = API_VIEW) -> dict[str, Route]:
    """The lines of a list in the API and of one row of it; the row's key is the world's of that name."""
    start = f"api/v1/^{path}/"
    return {
        f"{start}$": route(get=API_OF_STAFF),
        f"{start}(?P<{key}>{pattern})/$": Route(get=page, given={key: name}),
    }
