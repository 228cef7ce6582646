"""The fake over HTTP, with the trouble that a test asks for: 429, faults, slow answers, answers that get lost."""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.fake_prolific import link_signer
from tests.fake_prolific.clerk import PAGE_SIZE, Clerk, NotAllowed
from tests.fake_prolific.records import Call, FakeStudy, FakeSubmission

BASE = "/api/v1"
JWKS_PATH = "/.well-known/study/jwks.json"
TOKEN = "fake-token-that-nobody-may-see"
HOOK_SECRET = "fake-hook-secret"
KEY = "key-1"


@dataclass(frozen=True)
class Trouble:
    """What happens instead of the next answer, or to it. A lost answer: it is done, and the line goes dead."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    is_lost: bool = False


class FakeProlific:
    """A Prolific of the test's own. As a context manager it runs a server."""

    def __init__(self) -> None:
        self.clerk = Clerk(HOOK_SECRET)
        self.token, self.hook_secret = TOKEN, HOOK_SECRET
        self.calls: list[Call] = []
        self.trouble: deque[Trouble] = deque()
        self.keys = [KEY]
        self.n_key_fetches = 0
        self.lock = threading.Lock()
        handler = type("BoundHandler", (Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "FakeProlific":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api(self) -> str:
        return self.url + BASE

    @property
    def jwks_url(self) -> str:
        return self.url + JWKS_PATH

    def add_study(self, study_id: str, **fields: Any) -> FakeStudy:
        codes = [
            {
                "code": "C0DE1234",
                "code_type": "COMPLETED",
                "actor": "participant",
                "actions": [{"action": "MANUALLY_REVIEW"}],
            },
            {
                "code": "RESEARCH",
                "code_type": "OTHER",
                "actor": "researcher",
                "actions": [{"action": "MANUALLY_REVIEW"}],
            },
        ]
        study = FakeStudy(study_id, fields={"name": study_id, "completion_codes": codes, **fields})
        self.clerk.studies[study_id] = study
        return study

    def add_submission(
        self, study_id: str, participant_id: str, submission_id: str, status: str = "ACTIVE", **fields: Any
    ) -> FakeSubmission:
        at = self.clerk.tick()
        made = FakeSubmission(submission_id, participant_id, study_id, status, started_at=at, changed_at=at, **fields)
        self.clerk.submissions[submission_id] = made
        return made

    def meet(self, *trouble: Trouble) -> None:
        """What the next requests meet, one each."""
        self.trouble.extend(trouble)

    def paths(self, method: str = "") -> list[str]:
        """The paths that were asked for, below the API's base."""
        return [call.path for call in self.calls if not method or call.method == method]

    def link_token(self, submission_id: str, audience: str = "testserver", **claims: Any) -> str:
        return link_signer.token(self.keys[-1], submission_id=submission_id, audience=audience, **claims)


class Handler(BaseHTTPRequestHandler):
    """One request. Each route is a method and a pattern of the path below the API's base."""

    fake: ClassVar[FakeProlific]
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == JWKS_PATH:
            self._keys()
        else:
            self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The clerk's clock, which stands still between a test's steps."""
        return format_datetime(self.fake.clerk.now.replace(microsecond=0), usegmt=True)

    def _keys(self) -> None:
        with self.fake.lock:
            self.fake.n_key_fetches += 1
            trouble = self.fake.trouble.popleft() if self.fake.trouble else Trouble()
        time.sleep(trouble.seconds)
        self._send(trouble.status or 200, link_signer.jwks(*self.fake.keys))

    def _serve(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        address = urlsplit(self.path)
        with self.fake.lock:
            query = dict(parse_qsl(address.query))
            body = json.loads(raw) if raw else None
            self.fake.calls.append(Call(method, address.path.removeprefix(BASE), query, body))
            trouble = self.fake.trouble.popleft() if self.fake.trouble else Trouble()
            if trouble.status:
                status, answer, headers = trouble.status, {"error": {"title": "Trouble"}}, trouble.headers
            else:
                status, answer, headers = self._answer(method, address.path.removeprefix(BASE), query, body)
        time.sleep(trouble.seconds)
        if trouble.is_lost:
            self.close_connection = True
            return
        self._send(status, answer, headers)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return 401, {"error": {"status": 401, "title": "Unauthorized", "detail": "Invalid token."}}, {}
        for route_method, pattern, act in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and route_method == method:
                try:
                    return act(self.fake, *match.groups(), query=query, body=body or {})
                except NotAllowed as refusal:
                    return refusal.status, refusal.body(), {}
        return 404, {"error": {"status": 404, "title": "Not found", "detail": "No such address."}}, {}

    def _send(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(answer).encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:  # who asked has gone
            self.close_connection = True


Reply = tuple[int, Any, dict[str, str]]
Act = Callable[..., Reply]


def _page(fake: FakeProlific, *, query: dict[str, str], body: Any) -> Reply:
    number, size = int(query.get("page", 1)), int(query.get("page_size", PAGE_SIZE))
    rows, has_next = fake.clerk.page(query.get("study", ""), number, size)
    link = f"{fake.api}/submissions/?study={query['study']}&page={number + 1}"
    links = {"self": {"href": "…"}, "next": {"href": link if has_next else None, "title": "Next"}}
    return 200, {"results": rows, "_links": links, "meta": {"count": len(fake.clerk.submissions)}}, {}


def _subscribe(fake: FakeProlific, *, query: dict[str, str], body: Any) -> Reply:
    row, confirmation = fake.clerk.subscribe(body)
    return 201, row, {"X-Hook-Secret": confirmation}


def _make_secret(fake: FakeProlific, *, query: dict[str, str], body: Any) -> Reply:
    return 201, {"id": "secret-1", "value": HOOK_SECRET, "workspace_id": body["workspace_id"]}, {}


def _pay(fake: FakeProlific, request_id: str, *, query: dict[str, str], body: Any) -> Reply:
    fake.clerk.pay_bonuses(request_id)
    return 202, None, {}


def _with_clerk(act: Callable[..., Any], status: int = 200) -> Act:
    """A route that hands its parts of the path, and the body, to the clerk."""

    def reply(fake: FakeProlific, *parts: str, query: dict[str, str], body: Any) -> Reply:
        return status, act(fake.clerk, *parts, body), {}

    return reply


ROUTES: list[tuple[str, str, Act]] = [
    ("GET", r"/submissions/", _page),
    ("POST", r"/submissions/bulk-approve/", _with_clerk(Clerk.bulk_approve)),
    ("POST", r"/submissions/bonus-payments/", _with_clerk(Clerk.create_bonuses, 201)),
    ("GET", r"/submissions/([^/]+)/", _with_clerk(lambda clerk, id_, _body: clerk.submission(id_).detailed())),
    ("POST", r"/submissions/([^/]+)/transition/", _with_clerk(Clerk.transition)),
    ("POST", r"/submissions/([^/]+)/request-return/", _with_clerk(Clerk.request_return)),
    ("POST", r"/bulk-bonus-payments/([^/]+)/pay/", _pay),
    ("GET", r"/studies/([^/]+)/", _with_clerk(lambda clerk, id_, _body: clerk.study(id_).shown())),
    ("POST", r"/studies/([^/]+)/transition/", _with_clerk(Clerk.transition_study)),
    ("POST", r"/messages/", _with_clerk(Clerk.message, 201)),
    ("GET", r"/hooks/secrets/", _with_clerk(lambda clerk, _body: {"results": [{"id": "secret-1"}]})),
    ("POST", r"/hooks/secrets/", _make_secret),
    (
        "GET",
        r"/hooks/subscriptions/",
        _with_clerk(lambda clerk, _body: {"results": list(clerk.subscriptions.values())}),
    ),
    ("POST", r"/hooks/subscriptions/", _subscribe),
    ("POST", r"/hooks/subscriptions/([^/]+)/", _with_clerk(Clerk.confirm)),
]
