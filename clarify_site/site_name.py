"""The name by which a program tells whether the site that answers it is the one that it means."""

import hashlib
import hmac


def site_name(secret_key: str) -> str:
    """Return a name that everybody may know: sites with different keys differ in it, and it does not reveal the key."""
    return hmac.new(secret_key.encode(), b"clarify site name", hashlib.sha256).hexdigest()[:16]
