"""Management commands on the site that `make demo` runs: `python -m deploy.local.manage import_dataset pets ~/pets`."""

import os
import subprocess
import sys

from deploy.local.folder import DemoFolder
from deploy.local.processes import CannotRun


def main() -> int:
    """Run `manage.py` with the running site's settings, and return its exit status; 1 where no site runs."""
    folder = DemoFolder()
    try:
        settings = folder.published_settings()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 1
    command = [sys.executable, str(folder.checkout / "manage.py"), *sys.argv[1:]]
    return subprocess.call(command, env={**os.environ, **settings})


if __name__ == "__main__":
    sys.exit(main())
