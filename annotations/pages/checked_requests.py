"""What a request says, checked where it is parsed: addresses, forms, uploads and cookies (decision 86)."""

import codecs
from typing import Any

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest, get_bytes_from_wsgi, get_str_from_wsgi
from django.http import QueryDict, parse_cookie
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from clarify_errors.arrays.common.safe_text import is_safe


class CheckedRequest(WSGIRequest):
    """A request of which nothing can be read that is not UTF-8 and safe text: 400 instead.

    Nothing is read before a view or a middleware asks for it, so uploads keep their order (decision 28).
    """

    _is_readable = True  # as far as its head says

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Note another encoding than UTF-8: decoding Punycode takes n² steps, and UTF-7 has lone surrogates."""
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # django-stubs does not know it
            self._is_readable = codecs.lookup(self.encoding or "utf-8").name == "utf-8"
        except (LookupError, ValueError):  # an encoding of a parameter of the head itself
            self.content_type, self.content_params, self._is_readable = "", {}, False
        self._encoding = None

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]  # noqa: N802 - Django's name
        self.__dict__["GET"] = QueryDict()  # for the page that answers 400
        given = QueryDict(get_bytes_from_wsgi(self.environ, "QUERY_STRING", ""))
        _check(given)
        return given

    @cached_property
    def COOKIES(self) -> dict[str, str]:  # type: ignore[override]  # noqa: N802 - Django's name
        """Those that can be read: a browser that sends another one would get no page at all."""
        cookies = parse_cookie(get_str_from_wsgi(self.environ, "HTTP_COOKIE", ""))
        return {name: value for name, value in cookies.items() if is_safe(value)}

    def _load_post_and_files(self) -> None:
        if not self._is_readable:
            self._mark_post_parse_error()  # type: ignore[attr-defined]  # django-stubs does not know these
            raise BadRequest("the body is not UTF-8")
        super()._load_post_and_files()
        try:
            _check(self._post)  # type: ignore[attr-defined]
            _check(self._files)  # type: ignore[attr-defined]
        except BadRequest:
            self._mark_post_parse_error()  # type: ignore[attr-defined]
            raise


def _check(given: MultiValueDict[str, Any]) -> None:
    for name, values in given.lists():
        if not all(map(is_safe, (name, *(getattr(value, "name", value) for value in values)))):
            raise BadRequest("a NUL, a lone surrogate or too many combining marks in a row")
