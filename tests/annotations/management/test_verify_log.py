"""`manage.py verify_log`: the log and the tables agree, or the places where they do not."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Phrase, Study
from tests.support.actors import Visit
from tests.support.lively import lively_study

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_command_says_that_both_agree_or_where_they_do_not(open_study: Study, alice: Visit, bob: Visit) -> None:
    lively_study(open_study, alice, bob)
    out, err = io.StringIO(), io.StringIO()
    call_command("verify_log", "sprites", stdout=out, stderr=err)
    assert "agree on 7 visits" in out.getvalue()
    assert out.getvalue().startswith("Rows replayed: study 1, configuration 1, ")
    Phrase.objects.filter(text="crimson").update(text="scarlet")
    with pytest.raises(CommandError, match=r"differ in 1 place\."):
        call_command("verify_log", "sprites", stdout=out, stderr=err)
    assert "text is 'crimson' in the log, but 'scarlet' is stored" in err.getvalue()


def test_the_command_names_the_studies_there_are(open_study: Study) -> None:
    with pytest.raises(CommandError, match=r"Known studies: sprites\."):
        call_command("verify_log", "spirtes")
