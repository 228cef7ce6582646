"""Somebody who is inside when a study closes is told so, and gets the code."""

from annotations.models import Study
from annotations.studies import lifecycle
from tests.support.actors import Visit
from tests.support.views_pages import one


def test_who_was_inside_reads_that_the_study_closed_and_gets_the_code(alice: Visit, open_study: Study) -> None:
    lifecycle.close_study(open_study)
    page = alice.client.get("/visit/end")
    assert one(page, "h1").text.strip() == "This study is closed"
    assert "We kept what you checked before that, but no words sent later." in " ".join(page.content.decode().split())
    assert open_study.completion_code in alice.client.post("/visit/end", {}, follow=True).content.decode()
