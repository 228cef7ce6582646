"""docs/operators/operations.md, "What goes out": whatever can open a connection to another host is in its table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEAKS = (
    "httpx2",
    "urllib.request",
    "http.client",
    "smtplib",
    "django.core.mail",
    "huggingface_hub",
    "socket",
    "requests",
    "authlib",
    "sentry_sdk",
    "openai",
)
# Each module that imports one of these, and the words by which the table names where it leads; "" where nowhere.
LEADS_TO = {
    "annotations/prolific_client/client.py": "`PROLIFIC_API`",
    "annotations/prolific_client/link_keys.py": "`PROLIFIC_JWKS_URL`",
    "annotations/simulation/page_browser.py": "`REHEARSAL_URL`",
    "annotations/base/emails.py": "`EMAIL_URL`",
    "worker/rehearsals.py": "`REHEARSAL_URL`",
    "modeling/clarify_errors/tensors/encoders/hub.py": "`huggingface.co`",
    "modeling/clarify_errors/tensors/encoders/clip.py": "`huggingface.co`",
    "modeling/clarify_errors/tensors/encoders/transformers.py": "`huggingface.co`",
    "modeling/clarify_errors/arrays/keywords/chat_model.py": "`CHAT_URL`",
    "annotations/staff/staff_pages/provider_sign_in.py": "`OIDC_ISSUER`",
    "clarify_site/gunicorn_worker.py": "",  # answers probes on the connections of its own listener
    "clarify_site/error_reports.py": "`SENTRY_DSN`",
    "worker/datasets/ray_engine.py": "`IMPORT_ENGINE`",
    "worker/datasets/import_encoders.py": "",  # asks for the machine's name
    "worker/queue/worker_heartbeat.py": "",  # so does this
    "modeling/clarify_errors/arrays/images/image_decoding.py": "",  # a pair of sockets with its own decoder
    "modeling/clarify_errors/arrays/images/confined_decoder.py": "",  # the other one of the pair
}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names))


def _speaks(file: Path) -> bool:
    return any(name == library or name.startswith(f"{library}.") for name in _imports(file) for library in SPEAKS)


def test_every_module_that_can_speak_to_another_host_is_known() -> None:
    folders = ("annotations", "clarify_site", "modeling", "worker")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert {str(file.relative_to(ROOT)) for file in files if _speaks(file)} == set(LEADS_TO)


def test_the_table_names_where_each_leads() -> None:
    page = (ROOT / "docs" / "operators" / "operations.md").read_text("utf-8")
    table = re.findall(r"^\|.*\|$", page.split("## What goes out")[1].split("\n## ")[0], re.M)
    assert [words for words in {*LEADS_TO.values(), "`EMAIL_URL`"} if not any(words in row for row in table)] == []
