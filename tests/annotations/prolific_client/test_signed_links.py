"""A signed link is believed only if everything about it is right."""

import datetime as dt

import jwt
import pytest

from annotations.prolific_client import signed_links
from annotations.prolific_client.link_keys import KeysUnavailable, LinkKeys
from annotations.prolific_client.signed_links import LinkNotSigned
from tests.fake_prolific import link_signer
from tests.fake_prolific.server import FakeProlific, Trouble

HERE = "study.example.org"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def fake():
    with FakeProlific() as fake:
        yield fake


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(fake, clock):
    return LinkKeys(fake.jwks_url, clock=clock)


def verify(token, keys, **options):
    return signed_links.verify(token, audience=[HERE], keys=keys, **options)


def test_a_good_link_says_who_comes_and_in_which_submission(fake, keys):
    claim = {"workspace_id": "workspace-1", "participant_id": "anna", "study_id": "study-a"}
    entry = verify(fake.link_token("s1", HERE, prolific=claim), keys)
    assert (entry.session_id, entry.participant_id, entry.study_id) == ("s1", "anna", "study-a")
    assert entry.workspace_id == "workspace-1"


def test_the_names_of_the_links_parameters_are_understood_too(fake, keys):
    claim = {"workspace_id": "workspace-1", "PROLIFIC_PID": "anna", "STUDY_ID": "study-a"}
    entry = verify(fake.link_token("s1", HERE, prolific=claim), keys)
    assert (entry.participant_id, entry.study_id) == ("anna", "study-a")


def test_a_link_that_names_nobody_still_names_the_submission(fake, keys):
    entry = verify(fake.link_token("s1", HERE), keys)
    assert (entry.session_id, entry.participant_id, entry.study_id) == ("s1", None, None)


def test_a_site_of_several_names_takes_a_list_of_audiences(fake, keys):
    token = fake.link_token("s1", ["https://elsewhere.example", HERE])
    assert verify(token, keys).session_id == "s1"


PAST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"exp": PAST}, "ExpiredSignature"),
        ({"exp": None}, "MissingRequiredClaim"),
        ({"iss": "https://www.prolific.example"}, "InvalidIssuer"),
        ({"iss": None}, "MissingRequiredClaim"),
        ({"sub": None}, "MissingRequiredClaim"),
        ({"sub": ""}, "TokenMalformed"),
        ({"nbf": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, "ImmatureSignature"),
        ({"prolific": {}}, "TokenMalformed"),
        ({"prolific": "workspace-1"}, "TokenMalformed"),
        ({"prolific": {"workspace_id": 7}}, "TokenMalformed"),
    ],
)
def test_one_wrong_claim_is_enough(fake, keys, claims, error):
    with pytest.raises(LinkNotSigned, match=error):
        verify(fake.link_token("s1", HERE, **claims), keys)


@pytest.mark.parametrize("audience", ["other.example.org", "evil-study.example.org", [], None])
def test_a_link_for_another_site_is_not_for_this_one(fake, keys, audience):
    with pytest.raises(LinkNotSigned, match=r"InvalidAudience|MissingRequiredClaim"):
        verify(fake.link_token("s1", audience), keys)


def test_a_link_of_another_workspace_is_refused_where_ours_is_known(fake, keys):
    token = fake.link_token("s1", HERE)
    assert verify(token, keys, workspace="workspace-1").session_id == "s1"
    with pytest.raises(LinkNotSigned, match="WrongWorkspace"):
        verify(token, keys, workspace="workspace-2")


def test_somebody_elses_signature_is_wrong(fake, keys):
    """The forger's key goes by the name of Prolific's."""
    forged = jwt.encode(
        jwt.decode(fake.link_token("s1", HERE), options={"verify_signature": False}),
        link_signer.private_key("forger"),
        algorithm="RS256",
        headers={"kid": fake.keys[0]},
    )
    with pytest.raises(LinkNotSigned, match="InvalidSignature"):
        verify(forged, keys)


def test_a_token_that_was_changed_is_refused(fake, keys):
    head, body, signature = fake.link_token("s1", HERE).split(".")
    other = fake.link_token("s2", HERE).split(".")[1]
    with pytest.raises(LinkNotSigned, match="InvalidSignature"):
        verify(".".join([head, other, signature]), keys)
    with pytest.raises(LinkNotSigned):
        verify(f"{head}.{body}.", keys)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_algorithm_but_prolifics_is_taken(fake, keys, algorithm):
    claims = jwt.decode(fake.link_token("s1", HERE), options={"verify_signature": False})
    key = None if algorithm == "none" else "a-secret-that-is-long-enough-for-the-library"
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": fake.keys[0]})
    with pytest.raises(LinkNotSigned, match="WrongAlgorithm"):
        verify(token, keys)


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 20_000, "🙂", "\0"])
def test_what_is_no_token_is_malformed(keys, token):
    with pytest.raises(LinkNotSigned, match="TokenMalformed"):
        verify(token, keys)


def test_a_token_without_the_name_of_its_key_is_malformed(fake, keys):
    claims = jwt.decode(fake.link_token("s1", HERE), options={"verify_signature": False})
    with pytest.raises(LinkNotSigned, match="TokenMalformed"):
        verify(jwt.encode(claims, link_signer.private_key("key-1"), algorithm="RS256"), keys)


# -- The keys ----------------------------------------------------------------------------------------------------------
def test_keys_are_fetched_once_and_again_after_half_a_day(fake, keys, clock):
    for _ in range(3):
        verify(fake.link_token("s1", HERE), keys)
    assert fake.n_key_fetches == 1
    clock.now += 13 * 3600
    verify(fake.link_token("s1", HERE), keys)
    assert fake.n_key_fetches == 2


def test_a_new_key_is_found_when_its_name_first_comes(fake, keys, clock):
    verify(fake.link_token("s1", HERE), keys)
    fake.keys.append("key-2")
    clock.now += 61
    assert verify(fake.link_token("s2", HERE), keys).session_id == "s2"
    assert fake.n_key_fetches == 2


def test_made_up_names_do_not_make_us_ask_again_and_again(fake, keys, clock):
    verify(fake.link_token("s1", HERE), keys)
    for i in range(5):
        with pytest.raises(LinkNotSigned, match="UnknownKey"):
            verify(link_signer.token("forger", submission_id=f"s{i}", audience=HERE), keys)
    assert fake.n_key_fetches == 1
    clock.now += 61
    with pytest.raises(LinkNotSigned, match="UnknownKey"):
        verify(link_signer.token("forger", submission_id="s", audience=HERE), keys)
    assert fake.n_key_fetches == 2


def test_a_key_that_prolific_took_back_is_not_good_any_more(fake, keys, clock):
    old = fake.link_token("s1", HERE)
    verify(old, keys)
    fake.keys[:] = ["key-2"]
    clock.now += 13 * 3600
    with pytest.raises(LinkNotSigned, match="UnknownKey"):
        verify(old, keys)


def test_old_keys_serve_while_prolific_is_away_but_not_for_ever(fake, keys, clock):
    token = fake.link_token("s1", HERE)
    verify(token, keys)
    fake.meet(*[Trouble(503)] * 3)
    clock.now += 24 * 3600
    assert verify(token, keys).session_id == "s1"
    clock.now += 7 * 24 * 3600
    with pytest.raises(KeysUnavailable):
        verify(token, keys)


def test_without_any_keys_nothing_is_known(fake, keys):
    fake.meet(Trouble(503))
    with pytest.raises(KeysUnavailable):
        verify(fake.link_token("s1", HERE), keys)


def test_keys_of_other_kinds_are_passed_over(fake, keys, monkeypatch):
    good = link_signer.jwks("key-1")["keys"]
    odd = [{"kty": "EC", "kid": "e"}, {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"}, "no key", {"kty": "RSA"}]
    monkeypatch.setattr(link_signer, "jwks", lambda *names: {"keys": odd + good})
    assert verify(fake.link_token("s1", HERE), keys).session_id == "s1"
