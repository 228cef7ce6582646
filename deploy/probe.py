"""Is the web role ready? `python -m deploy.probe [address]`: exit code 0 if /readyz says so. For Docker and systemd."""

import sys
import urllib.request

from django.core.exceptions import ImproperlyConfigured

from clarify_site import environment as read


def main() -> int:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    try:
        host = read.names("ALLOWED_HOSTS")[0]
        request = urllib.request.Request(f"{address}/readyz", headers={"Host": host})  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=6):  # noqa: S310
            return 0
    except (ImproperlyConfigured, OSError) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
