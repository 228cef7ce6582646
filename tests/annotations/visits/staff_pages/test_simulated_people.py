"""A study in which a script plays people who count, as in the demo."""

import pytest
from django.test import Client
from django.urls import reverse

from annotations.log import audit
from annotations.models import Study
from annotations.studies.study_progress import SENT
from tests.support.views_pages import tree


@pytest.mark.parametrize("page", ["results", "change", "monitor", "payments"])
def test_every_page_of_the_study_says_so(coordinator_client: Client, open_study: Study, page: str) -> None:
    url = reverse(f"admin:annotations_study_{page}", args=[open_study.pk])
    assert not tree(coordinator_client.get(url)).select(".simulated")
    audit.record(SENT, open_study, by="coordinator", people=26)
    (said,) = tree(coordinator_client.get(url)).select(".study-head .simulated")
    assert "The people here are simulated: a script takes part and is counted as people are" in " ".join(
        said.text.split()
    )
