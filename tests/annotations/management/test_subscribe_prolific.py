"""manage.py subscribe_prolific: one subscription, confirmed, and a secret that only its file holds."""

import pytest
from django.core.management import CommandError, call_command

from annotations.management.commands.subscribe_prolific import Command
from annotations.prolific.webhook_events import EVENT_TYPES
from tests.fake_prolific.server import Trouble

TARGET = "https://testserver/prolific/webhook"


def test_it_subscribes_and_confirms_once(prolific, capsys):
    for _ in range(2):
        call_command("subscribe_prolific", workspace="workspace-1")
    hooks = list(prolific.clerk.subscriptions.values())
    assert [hook["event_type"] for hook in hooks] == ["submission.status.change", "study.status.change"]
    assert all(hook["target_url"] == TARGET and hook["is_enabled"] for hook in hooks)
    out = capsys.readouterr().out
    assert out.count("Subscribed to submission.status.change") == 1 and out.count("Already subscribed") == 1
    assert prolific.token not in out and prolific.hook_secret not in out


def test_its_help_names_every_kind_that_it_subscribes_to():
    said = " ".join(Command().create_parser("manage.py", "subscribe_prolific").format_help().split())
    assert all(event_type in said for event_type in EVENT_TYPES)
    assert "of a submission or of a study" in said


def test_one_that_was_never_confirmed_is_made_again(prolific):
    prolific.clerk.subscribe({"target_url": TARGET, "event_type": "submission.status.change"})
    call_command("subscribe_prolific", workspace="workspace-1")
    assert [hook["is_enabled"] for hook in prolific.clerk.subscriptions.values()] == [False, True, True]


def test_a_new_secret_goes_into_a_file_of_its_owners_alone(prolific, tmp_path, capsys):
    file = tmp_path / "secret"
    call_command("subscribe_prolific", workspace="workspace-1", new_secret=file)
    assert file.read_text().strip() == prolific.hook_secret
    assert file.stat().st_mode & 0o777 == 0o600
    assert prolific.hook_secret not in capsys.readouterr().out


def test_a_new_secret_can_go_to_standard_output_alone(prolific, capsys):
    call_command("subscribe_prolific", "--workspace", "workspace-1", "--new-secret", "-")
    captured = capsys.readouterr()
    assert captured.out == f"{prolific.hook_secret}\n"
    assert "Subscribed to submission.status.change" in captured.err and prolific.hook_secret not in captured.err


def test_a_prolific_in_trouble_writes_nothing_to_standard_output(prolific, capsys):
    prolific.meet(Trouble(500))
    with pytest.raises(CommandError, match="Prolific had a fault"):
        call_command("subscribe_prolific", "--workspace", "workspace-1", "--new-secret", "-")
    assert capsys.readouterr().out == ""


def test_a_file_that_is_there_is_left_alone_and_no_secret_is_made(prolific, tmp_path):
    file = tmp_path / "secret"
    file.write_text("in use")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("subscribe_prolific", workspace="workspace-1", new_secret=file)
    assert file.read_text() == "in use" and prolific.calls == []


def test_a_prolific_in_trouble_leaves_no_empty_file(prolific, tmp_path):
    prolific.meet(Trouble(500))
    with pytest.raises(CommandError, match="Prolific had a fault"):
        call_command("subscribe_prolific", workspace="workspace-1", new_secret=tmp_path / "secret")
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"PROLIFIC_TOKEN": ""}, "PROLIFIC_TOKEN is not set"),
        ({"SITE_URL": "http://localhost:8000"}, "only to https addresses"),
    ],
)
def test_what_is_missing_is_named(prolific, settings, change, says):
    for name, value in change.items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match=says):
        call_command("subscribe_prolific", workspace="workspace-1")


def test_the_workspace_must_be_known(prolific):
    with pytest.raises(CommandError, match="--workspace"):
        call_command("subscribe_prolific", workspace="")


def test_a_site_that_would_refuse_every_webhook_says_so(prolific, settings, capsys):
    settings.PROLIFIC_WEBHOOK_SECRET = ""
    call_command("subscribe_prolific", workspace="workspace-1")
    assert "would reject every webhook" in capsys.readouterr().err
