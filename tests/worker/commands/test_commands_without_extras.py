"""Every command loads where no optional extra is installed, as after `make demo` in a fresh clone."""

import subprocess
import sys

_LOAD = """
import sys

sys.modules.update(dict.fromkeys(("keybert", "openai", "sentence_transformers", "transformers", "yake")))
import django
from django.core.management import get_commands, load_command_class

django.setup()
for name, app in sorted(get_commands().items()):
    if app in ("annotations", "worker"):
        load_command_class(app, name)
        print(name)
"""


def test_every_command_loads_without_an_optional_extra() -> None:
    loaded = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, timeout=120, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert {"rank_keywords", "review_slices"} <= set(loaded.stdout.split())
