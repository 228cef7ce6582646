"""What the matrix is asked about: a study with two visits and a draft beside it, another study, and the people."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel, DatasetImport, Pool, Release, Role, Study, event_kinds
from tests.access.answers import (
    ANALYST,
    ANALYST_ELSEWHERE,
    ANONYMOUS,
    COORDINATOR,
    COORDINATOR_ELSEWHERE,
    OPERATOR,
    OTHER_PARTICIPANT,
    PARTICIPANT,
    STAFF,
)
from tests.support import actors
from tests.support.rows import add_phrase, add_run

_MEMBERS = {
    ANALYST: ("here", Role.ANALYST),
    COORDINATOR: ("here", Role.COORDINATOR),
    ANALYST_ELSEWHERE: ("elsewhere", Role.ANALYST),
    COORDINATOR_ELSEWHERE: ("elsewhere", Role.COORDINATOR),
}
_PLACE = re.compile(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)|<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class World:
    """`things` are named by the lines of the matrix; `clients` is a browser for each kind of person."""

    things: dict[str, Any]
    clients: dict[str, Client]
    here: tuple[Study, ...]

    @cached_property
    def requests(self) -> dict[str, Any]:
        """A request of each of the staff, as the admin gets it."""
        return {person: self.clients[person].get("/admin/password_change/done/").wsgi_request for person in STAFF}

    def address(self, path: str, given: dict[str, Any]) -> str:
        """Fill in a route's path."""

        def filled(place: re.Match[str]) -> str:
            value = given[place[1] or place[2]]
            return str(self.things.get(value, value))

        return "/" + _PLACE.sub(filled, path).replace("^", "").replace("$", "")


def build(sprites_directory: Path) -> World:
    """Write the rows and sign everybody in."""
    base_model = actors.store_base_model(actors.store_dataset(sprites_directory))
    study = actors.open_study(actors.create_study(base_model))
    draft = actors.create_study(base_model, "draft")
    elsewhere = actors.open_study(actors.create_study(base_model, "elsewhere"))
    alice, bob = actors.start_visit(study, "alice"), actors.start_visit(study, "bob")
    actors.start_visit(elsewhere, "carol")
    Release.objects.create(study=study, number=1, requested_by="system")
    alice.client.get(f"/visit/tasks/{alice.assignment.public_id}/")
    phrase = add_phrase(alice, "red", 0.5)
    run = add_run(phrase, 0.5)
    refused = add_run(add_phrase(alice, "blue", 0.25), None)
    image = thumbnail_url(f"session:{alice.session.pk}", base_model.dataset_id, _image_key(base_model)).split("/")
    operator = User.objects.create_superuser("operator")
    clients = {
        ANONYMOUS: Client(),
        PARTICIPANT: alice.client,
        OTHER_PARTICIPANT: bob.client,
        OPERATOR: _signed_in(operator),
    }
    for name, (where, role) in _MEMBERS.items():
        user = User.objects.create_user(name.replace(" ", "-"), is_staff=True)
        for of in (study, draft) if where == "here" else (elsewhere,):
            of.members.create(user=user, role=role)
        clients[name] = _signed_in(user)
    things = {
        "study": study.pk,
        "slug": study.slug,
        "draft": draft.pk,
        "task": study.tasks.get().pk,
        "dataset": base_model.dataset_id,
        "basemodel": base_model.pk,
        "annotationsession": alice.session.pk,
        "session_id": alice.session.public_id,
        "assignment": alice.assignment.pk,
        "assignment_id": alice.assignment.public_id,
        "phrase": phrase.pk,
        "phrase_uuid": phrase.client_uuid,
        "run": run.pk,
        "run_id": run.public_id,
        "refused_run": refused.pk,  # whose head leads back to its page
        "screen": alice.session.events.get(kind=event_kinds.SCREEN_SHOWN).pk,
        "event": alice.session.events.earliest("id").pk,
        "datasetimport": DatasetImport.objects.create(
            name="birds", folder="birds", state="failed", error="a reason", finished_at=timezone.now()
        ).pk,
        "account": operator.pk,
        "pool": Pool.objects.create(name="web", folder="web", encoder="x", requested_by="ada").pk,
        "image_key": image[-3],
        "image_expires": image[-2],
        "image_signature": image[-1],
    }
    return World(things, clients, (study, draft))


def _image_key(base_model: BaseModel) -> str:
    return bytes(base_model.dataset.files.image_keys[0]).decode()


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
