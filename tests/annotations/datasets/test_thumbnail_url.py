"""Signed addresses of thumbnails."""

import re

import pytest
import time_machine
from django.urls import resolve

from annotations.datasets.thumbnails import MAX_VALIDITY_S, seconds_valid, thumbnail_url

KEY = "0123456789abcdef01234567"
NOON = "2026-11-25T12:00:00Z"


def parts(url: str) -> tuple[int, str, int, str]:
    given = resolve(url).kwargs or {}
    return given["dataset_id"], given["key"], given["expires"], given["signature"]


@time_machine.travel(NOON, tick=False)
def test_its_owner_may_see_the_image_for_hours() -> None:
    assert seconds_valid(["session:1"], *parts(thumbnail_url("session:1", 3, KEY))) == MAX_VALIDITY_S


@pytest.mark.parametrize("owners", [["session:2"], ["user:1"], [], ["session:11"]])
def test_nobody_else_may(owners: list[str]) -> None:
    assert seconds_valid(owners, *parts(thumbnail_url("session:1", 3, KEY))) == 0


def test_a_signature_is_good_for_one_image_of_one_data_set_until_one_time() -> None:
    dataset_id, key, expires, signature = parts(thumbnail_url("session:1", 3, KEY))
    assert seconds_valid(["session:1"], dataset_id, key, expires, signature)
    assert not seconds_valid(["session:1"], 4, key, expires, signature)
    assert not seconds_valid(["session:1"], dataset_id, key[::-1], expires, signature)
    assert not seconds_valid(["session:1"], dataset_id, key, expires + 3600, signature)


def test_an_address_expires() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        url = thumbnail_url("session:1", 3, KEY)
        clock.shift(MAX_VALIDITY_S - 1)
        assert seconds_valid(["session:1"], *parts(url)) == 1
        clock.shift(1)
        assert seconds_valid(["session:1"], *parts(url)) == 0


def test_a_page_loaded_again_within_the_hour_finds_its_images_in_the_cache() -> None:
    with time_machine.travel("2026-11-25T12:00:01Z", tick=False):
        first = thumbnail_url("session:1", 3, KEY)
    with time_machine.travel("2026-11-25T12:59:59Z", tick=False):
        assert thumbnail_url("session:1", 3, KEY) == first
    with time_machine.travel("2026-11-25T13:00:00Z", tick=False):
        assert thumbnail_url("session:1", 3, KEY) != first


def test_an_address_names_no_owner() -> None:
    assert re.fullmatch(rf"/images/3/{KEY}/\d+/[0-9a-f]+", thumbnail_url("session:77", 3, KEY))
