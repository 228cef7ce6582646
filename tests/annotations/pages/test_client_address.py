"""Which address of a request counts: what our own proxy says, and never what the caller wrote."""

import pytest
from django.http import HttpRequest

from annotations.pages.client_address import client_address, client_network

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


def request_from(address: str, **headers: str) -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address, **headers}
    return request


def test_without_a_proxy_nobody_chooses_their_address() -> None:
    assert client_address(request_from(HERE, HTTP_X_FORWARDED_FOR=ELSEWHERE)) == HERE


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        (HERE, 1, HERE),
        (f"{ELSEWHERE}, 10.0.0.1,{HERE}", 1, HERE),
        (f"{ELSEWHERE}, {HERE}, 10.0.0.1", 2, HERE),
        (HERE, 2, ""),
        ("", 1, "127.0.0.1"),  # it did not come by the proxy
    ],
)
def test_behind_proxies_what_the_caller_wrote_counts_for_nothing(
    settings, forwarded: str, proxies: int, address: str
) -> None:
    settings.SECURE_PROXY_SSL_HEADER, settings.PROXY_COUNT = ("HTTP_X_FORWARDED_PROTO", "https"), proxies
    assert client_address(request_from("127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)) == address


def test_all_networks_that_are_not_known_are_one(settings) -> None:
    unknown = {client_network(request_from(address)) for address in ("", "nonsense", "/run/gunicorn.sock")}
    assert len(unknown) == 1 and None not in unknown
    assert client_network(request_from(HERE)) not in unknown
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client_network(request_from("")) is None
