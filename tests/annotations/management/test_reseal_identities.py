"""manage.py reseal_identities: an older one of IDENTITY_KEYS can be taken out, and nobody's ids are lost."""

import io
import os

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from annotations.base.service_errors import IdentityUnreadable
from annotations.log import identities, key_rotation, withdrawal_keys
from annotations.log.identities import key_of
from annotations.log.key_rotation import Seals
from annotations.models import AnnotationSession, IdentityKey, Study, Submission
from annotations.staff import two_factor
from annotations.visits import sessions
from clarify_site import environment
from tests.support.other_arrivals import arrivals, wait_for_arrivals
from tests.support.second_factor import code_of, enrol

OLD = os.environ["IDENTITY_KEYS"]
NEW = "newer-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRST"


@pytest.fixture
def site_has(settings, monkeypatch):
    """Gives the site other IDENTITY_KEYS, newest first."""

    def give(*keys: str) -> None:
        monkeypatch.setenv("IDENTITY_KEYS", ",".join(keys))
        settings.IDENTITY_KEYS = environment.identity_keys()

    return give


def arrive(study: Study, n: int) -> None:
    for i in range(n):
        sessions.enter(study, participant_id=f"early-{i}", study_id="outside", session_id=f"early-{i}-visit")


def reseal(**options: object) -> str:
    out = io.StringIO()
    call_command("reseal_identities", stdout=out, **options)
    return out.getvalue()


def ids_of_everybody() -> list[str]:
    """Every person's id from outside, as the site reads it."""
    rows = Submission.objects.select_related("study")
    return sorted(
        identities.unseal(row.study, row.pseudonym, bytes(row.sealed_ids or b""))["participant"] for row in rows
    )


def links_of_everybody() -> list[str]:
    return [withdrawal_keys.token(visit) for visit in AnnotationSession.objects.order_by("pk")]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 3)


def test_the_old_key_can_go_once_all_is_sealed_under_the_new_one(open_study, site_has, small_batches):
    arrive(open_study, 7)
    site_has(NEW, OLD)
    links, key = links_of_everybody(), key_of(open_study)
    assert "Under an older one: 15." in reseal(dry_run=True)  # of 7 people keys and tokens, and of their study a key
    done = "Sealed 15 keys and tokens anew.\nUnder the newest of IDENTITY_KEYS: 15. Under an older one: 0.\n"
    assert reseal().startswith(done)
    site_has(NEW)
    assert ids_of_everybody() == [f"early-{i}" for i in range(7)]
    open_study.refresh_from_db()
    assert (links_of_everybody(), key_of(open_study)) == (links, key)


def test_staff_still_sign_in_with_their_apps(coordinator, site_has):
    enrol(coordinator)
    site_has(NEW, OLD)
    assert reseal().startswith("Sealed 1 keys and tokens anew.")
    site_has(NEW)
    two_factor.verify(coordinator, code_of(coordinator))


def test_everything_that_is_sealed_under_the_sites_keys_is_sealed_anew():
    """A column whose name says that it is sealed is in the list, or is sealed under a person's key."""
    under_a_persons_key = {("Submission", "sealed_ids"), ("Event", "sealed")}
    columns = {
        (model.__name__, field.name)
        for model in apps.get_app_config("annotations").get_models()
        for field in model._meta.concrete_fields
        if "sealed" in field.name
    }
    assert columns - under_a_persons_key == {(model.__name__, column) for model, column in key_rotation.SEALED}


def test_it_goes_on_where_it_stopped(open_study, site_has, small_batches, monkeypatch):
    arrive(open_study, 7)
    site_has(NEW, OLD)
    resealed, left = identities.resealed, iter(range(5))

    def stopping(key):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return resealed(key)

    monkeypatch.setattr(identities, "resealed", stopping)
    with pytest.raises(KeyboardInterrupt):
        reseal()
    assert key_rotation.count() == Seals(newest=5, older=10, unknown=0)
    monkeypatch.setattr(identities, "resealed", resealed)
    assert reseal().startswith("Sealed 10 keys and tokens anew.")


def test_what_was_destroyed_meanwhile_stays_destroyed(open_study, site_has, monkeypatch):
    arrive(open_study, 1)
    site_has(NEW, OLD)
    resealed = identities.resealed

    def destroying(key):
        IdentityKey.objects.all().delete()
        Study.objects.update(sealed_pseudonym_key=b"")
        AnnotationSession.objects.update(sealed_withdrawal_token=b"")
        return resealed(key)

    monkeypatch.setattr(identities, "resealed", destroying)
    assert reseal().startswith("Sealed 0 keys and tokens anew.")
    assert key_rotation.count() == Seals(newest=0, older=0, unknown=0)


@pytest.mark.django_db(transaction=True)
def test_people_who_arrive_meanwhile_at_another_process_keep_their_ids(open_study, site_has, subprocess_environment):
    arrive(open_study, 50)
    site_has(NEW, OLD)
    with arrivals({**subprocess_environment, "IDENTITY_KEYS": f"{NEW},{OLD}"}) as other:
        wait_for_arrivals(other)
        reseal()
        n_then = Submission.objects.count()
        wait_for_arrivals(other)
    site_has(NEW)
    people = ids_of_everybody()
    assert len(people) >= n_then > 50 and sum(name.startswith("early-") for name in people) == 50


@pytest.mark.django_db(transaction=True)
def test_a_process_that_still_has_the_earlier_setting_is_noticed(open_study, site_has, subprocess_environment):
    site_has(NEW, OLD)
    with arrivals({**subprocess_environment, "IDENTITY_KEYS": OLD}) as other:
        wait_for_arrivals(other)
        with pytest.raises(CommandError, match="a role runs with the earlier IDENTITY_KEYS"):
            for _ in range(200):  # one person has to arrive between sealing anew and counting
                reseal()


def test_a_key_that_went_too_early_is_named_by_the_check_and_by_the_command(open_study, site_has):
    arrive(open_study, 2)
    site_has(NEW)
    with pytest.raises(IdentityUnreadable):
        ids_of_everybody()
    found = "IDENTITY_KEYS cannot decrypt 5 of the stored keys and tokens"
    with pytest.raises(SystemCheckError, match=f"annotations.E001.*{found}"):
        call_command("check", databases=["default"])
    with pytest.raises(CommandError, match=f"{found}.*Put the earlier key back"):
        reseal()
    site_has(NEW, OLD)
    call_command("check", databases=["default"])
    assert ids_of_everybody() == ["early-0", "early-1"]


def test_a_check_that_may_not_ask_the_database_does_not():
    call_command("check")
