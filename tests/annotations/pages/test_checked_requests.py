"""What no request can say, by its head, address, body and cookies; asked of the application that is served."""

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import MemoryFileUploadHandler

from annotations.pages.checked_requests import CheckedRequest
from clarify_site.wsgi import application

pytestmark = pytest.mark.django_db

FORM, BOUNDARY = "application/x-www-form-urlencoded", "b"
MARKS = "\u0301" * 31
MANY = ("\u0301\u0334" * 60_000).encode()


def environ(path: str, body: bytes = b"", **head: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_COOKIE": f"csrftoken={'a' * 32}",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)),
        **head,
    }


def status_of(asked: dict[str, Any]) -> int:
    return int(application.get_response(application.request_class(asked)).status_code)


def multipart(value: bytes, charset: str = "utf-8", disposition: str = 'name="username"') -> dict[str, Any]:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()
    body = head + value + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}; charset={charset}"
    return environ("/admin/login/", body, CONTENT_TYPE=kind)


@pytest.fixture(autouse=True)
def _little_time() -> Iterator[None]:
    began = time.thread_time()
    yield
    assert time.thread_time() - began < 2


def test_marks_in_a_body_are_refused_in_both_kinds_of_forms() -> None:
    assert status_of(multipart(MANY)) == 400
    assert status_of(environ("/admin/login/", b"username=" + MANY, CONTENT_TYPE=FORM)) == 400


@pytest.mark.parametrize("charset", ["punycode", "utf-7", "utf-16", "unicode_escape", "hex", "latin-1"])
def test_a_body_in_another_encoding_is_refused(charset: str) -> None:
    """To decode 250 kB of Punycode takes 9 s, and UTF-7 and escapes can say a lone surrogate."""
    assert status_of(multipart(b"a" * 250_000, charset)) == 400
    asked = environ("/admin/login/", b"username=a", CONTENT_TYPE=f"{FORM}; charset={charset}")
    assert status_of(asked) == 400


@pytest.mark.parametrize("charset", ["UTF-8", "utf8", "nothing"])
def test_utf_8_by_any_name_is_read(charset: str) -> None:
    request = CheckedRequest(multipart("é".encode(), charset))
    if charset == "nothing":
        assert request.POST.get("username") == "é"
    assert request.POST["username"] == "é"


@pytest.mark.parametrize("kind", [f"{FORM}; a*=nothing''b", "multipart/form-data; a*=nothing''b"])
def test_a_head_in_an_unknown_encoding_is_refused(kind: str) -> None:
    assert status_of(environ("/admin/login/", b"username=a", CONTENT_TYPE=kind)) == 400


@pytest.mark.parametrize("path", ["/admin/login/", "/study/x/", "/api/v1/studies/", "/prolific/webhook", "/livez"])
@pytest.mark.parametrize("query", ["q=%00", "a%00=1", "q=" + "%CC%81" * 31, "PROLIFIC_PID=%00&format=%00&next=%00"])
def test_no_address_breaks_a_page(path: str, query: str) -> None:
    assert status_of(environ(path, QUERY_STRING=query)) < 500


@pytest.mark.parametrize("name", ["clarify_session", "csrftoken", "django_language", "messages"])
def test_a_cookie_that_no_table_can_hold_is_none(name: str) -> None:
    """Quoted cookies may have octal escapes. A browser that keeps one would otherwise get no page again."""
    cookie = rf'{name}="\000aaaaaaaaaaaa"'
    for path in ("/admin/login/", "/study/x/", "/visit/"):
        assert status_of(environ(path, HTTP_COOKIE=cookie)) in {200, 404}
    assert CheckedRequest(environ("/", HTTP_COOKIE=f"{cookie}; a=b")).COOKIES == {"a": "b"}


@pytest.mark.parametrize("disposition", [f'name="f"; filename="a{MARKS}.csv"', f'name="f{MARKS}"; filename="b.csv"'])
def test_names_of_files_and_of_their_fields_are_checked_too(disposition: str) -> None:
    request = CheckedRequest(multipart(b"x", disposition=disposition))
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    with pytest.raises(BadRequest):
        _ = request.FILES
    assert not request.FILES and not request.POST  # for the page that answers 400


def test_nothing_is_read_before_it_is_asked_for() -> None:
    asked = multipart(MANY)
    CheckedRequest(asked)
    assert asked["wsgi.input"].tell() == 0


def test_the_answer_is_a_page_for_people_and_the_one_shape_of_errors_for_programs(client: Any) -> None:
    page = client.post("/language", {"language": "a\0"}, headers={"Accept-Language": "de"})
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")
    answer = client.get("/api/v1/schema/", {"format": "\0"})
    assert answer.status_code == 400 and b"code: bad_request" in answer.content
