"""What 0010 and 0011 do to rows that Clarify 0.10 wrote; 0011 again, for those that it wrote while it still ran."""

import base64
import hashlib
import hmac
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

SEALED = "sealed"  # in the plain column of a study that a later version made
BATCH = 500
_TOKEN_DIGITS = 26


def seal(apps: Any, schema_editor: Any) -> None:
    """Seal each study's key, and the withdrawal token that it gave each visit: links that people have go on working."""
    site = MultiFernet([Fernet(key) for key in settings.IDENTITY_KEYS])
    study_model, visit_model = (
        apps.get_model("annotations", "Study"),
        apps.get_model("annotations", "AnnotationSession"),
    )
    destroyed = study_model.objects.filter(pseudonym_key="")
    destroyed.update(sealed_pseudonym_key=b"")
    visit_model.objects.filter(study__in=destroyed).update(sealed_withdrawal_token=b"")
    for pk, key in study_model.objects.exclude(pseudonym_key__in=["", SEALED]).values_list("pk", "pseudonym_key"):
        study_model.objects.filter(pk=pk, sealed_pseudonym_key=None).update(
            sealed_pseudonym_key=site.encrypt(key.encode())
        )
        _seal_tokens(visit_model.objects.filter(study=pk, sealed_withdrawal_token=None), key.encode(), site)


def _seal_tokens(visits: Any, key: bytes, site: MultiFernet) -> None:
    while batch := list(visits.only("pk", "public_id").order_by("pk")[:BATCH]):
        for visit in batch:
            visit.sealed_withdrawal_token = site.encrypt(_token(key, visit.public_id))
        visits.model.objects.bulk_update(batch, ["sealed_withdrawal_token"])


def _token(key: bytes, public_id: Any) -> bytes:
    """The token as 0.10 made it."""
    digest = hmac.digest(key, f"withdraw {public_id}".encode(), hashlib.sha256)
    return base64.b32encode(digest)[:_TOKEN_DIGITS].lower()
