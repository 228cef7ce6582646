"""The page that asks before it deletes names each row that goes with another."""

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.models import Study, StudyOnProlific
from tests.support.views_pages import shown, tree


def test_what_goes_with_a_draft_is_named(coordinator_client: Client, draft_study: Study) -> None:
    now = timezone.now()
    StudyOnProlific.objects.create(study=draft_study, outside_id="s1", status="PAUSED", told_at=now, noted_at=now)
    page = coordinator_client.get(f"/admin/annotations/study/{draft_study.pk}/delete/")
    named = shown(tree(page).select("#content")[0])
    assert f"{draft_study} is PAUSED on Prolific" in named and "object (" not in named


def test_what_goes_with_an_account_is_named(
    admin_client: Client, coordinator_client: Client, coordinator: User
) -> None:
    coordinator_client.post("/admin/tokens/", {"name": "laptop", "days": "90"})
    page = admin_client.get(f"/admin/auth/user/{coordinator.pk}/delete/")
    named = shown(tree(page).select("#content")[0])
    assert f"laptop of {coordinator}" in named and "object (" not in named
