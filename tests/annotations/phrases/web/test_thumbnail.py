"""GET /images/…"""

from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client, override_settings

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import Dataset
from tests.support.actors import Visit
from tests.support.views_pages import task_url, tree


def first_image(visit: Visit) -> str:
    return str(tree(visit.client.get(task_url(visit))).select("#wrong-images img")[0]["src"])


def test_a_participant_sees_the_images_of_the_page(alice: Visit) -> None:
    response = alice.client.get(first_image(alice))
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert b"".join(response.streaming_content)[8:12] == b"WEBP"  # type: ignore[attr-defined]
    assert response["Cache-Control"].startswith("private, max-age=")


def test_nobody_else_sees_them(alice: Visit, bob: Visit, client: Client, coordinator_client: Client) -> None:
    url = first_image(alice)
    for other in (bob.client, client, coordinator_client):
        assert other.get(url).status_code == 404


def test_a_coordinator_sees_what_was_signed_for_them(
    coordinator: User, coordinator_client: Client, sprites_like: Dataset, client: Client
) -> None:
    key = sprites_like.files.image_keys[0].decode()
    url = thumbnail_url(f"user:{coordinator.pk}", sprites_like.pk, key)
    assert coordinator_client.get(url).status_code == 200
    assert client.get(url).status_code == 404


def test_an_image_without_a_picture_is_a_tile_that_says_so(
    coordinator: User, coordinator_client: Client, sprites_like: Dataset
) -> None:
    url = thumbnail_url(f"user:{coordinator.pk}", sprites_like.pk, "0" * 24)
    response = coordinator_client.get(url)
    assert (response.status_code, response["Location"]) == (302, static("annotations/no-picture.svg"))
    assert "No" in Path(str(finders.find("annotations/no-picture.svg"))).read_text()


def test_an_expired_address_is_not_found(alice: Visit) -> None:
    url = first_image(alice)
    with time_machine.travel("2100-01-01"):
        client = Client()
        cookie = client.session
        cookie["annotation_session"] = alice.session.pk
        cookie.save()
        assert client.get(url).status_code == 404


@pytest.mark.parametrize("change", [("/images/", "/images/9"), ("a", "b"), (".", "../")])
def test_a_changed_address_is_not_found(alice: Visit, change: tuple[str, str]) -> None:
    url = first_image(alice)
    changed = url.replace(*change)
    assert changed == url or alice.client.get(changed).status_code == 404


def test_the_address_says_nothing_of_the_image(alice: Visit) -> None:
    url = first_image(alice)
    assert not any(word in url for word in ("square", "oval", "red", "blue", ".png"))


@override_settings(THUMBNAIL_ACCEL_PREFIX="/protected")
def test_in_production_the_proxy_sends_the_file(alice: Visit) -> None:
    response = alice.client.get(first_image(alice))
    assert response.content == b""
    assert response["X-Accel-Redirect"].startswith("/protected/datasets/sprites-like/")
    assert response["Content-Type"] == "image/webp"
