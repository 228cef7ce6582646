"""The page for what never freezes: codes, Prolific's study id, the quota, money to compare with, and alarms.

Of a closed study it shows the codes alone. A page that was opened before the study closed sends all of them, and the
service refuses what was typed into the others.
"""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponseRedirect

from annotations.models import Study, StudyState
from annotations.models.study import AMENDABLE, CODES
from annotations.pages.form_errors import RefusalsShown, linked_errors
from annotations.pages.number_formats import OF_STUDY, MoneyField
from annotations.pages.page_acts import Answer
from annotations.pages.typed_classes import ModelForm
from annotations.studies.lifecycle import amend_study
from annotations.studies.preflight.preflight_report import not_right
from annotations.studies.staff_pages.study_sections import HELP, SECTIONS


class AmendForm(ModelForm[Study]):
    """What can be corrected while people are inside. The service stores it.

    The page holds each value as it was shown: what somebody else changed since then is not changed back.
    """

    class Meta:
        model = Study
        fields = AMENDABLE
        labels = MoneyField.OF_STUDY
        field_classes = OF_STUDY
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and self.instance.state == StudyState.CLOSED:
            self.fields = {name: field for name, field in self.fields.items() if self._was_sent(name)}
        for field in self.fields.values():
            field.show_hidden_initial = True

    def _was_sent(self, name: str) -> bool:
        """Whether the page that was sent had this field; a box without a tick sends what it showed alone."""
        return self.add_prefix(name) in self.data or self.add_initial_prefix(name) in self.data


def page(request: HttpRequest, study: Study) -> Answer:
    """Show the fields; a POST changes those that differ, and says what pre-flight finds in them.

    The audit log keeps from what to what.
    """
    form = AmendForm(request.POST or None, instance=Study.objects.get(pk=study.pk))
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in form.changed_data}
        with RefusalsShown(form):
            before = not_right(study)
            changed = amend_study(study, given, by=request.user.get_username())
            labels = ", ".join(str(form[name].label).lower() for name in changed)
            messages.success(request, f"Changed: {labels}." if changed else "Nothing was different.")
            for sentence in not_right(study):
                if sentence not in before:
                    messages.warning(request, sentence)
            return HttpResponseRedirect(request.path)
    study.refresh_from_db(fields=["state"])  # somebody may have closed it since this request began
    return {
        "form": form,
        "groups": _groups(form, CODES if study.state == StudyState.CLOSED else AMENDABLE),
        "linked_errors": linked_errors(form),
    }


def _groups(form: AmendForm, offered: Collection[str]) -> list[tuple[str, list[BoundField]]]:
    """The fields that are offered or hold an error, under the titles of the sections in which they were set up."""
    names = [name for name in form.fields if name in offered or name in form.errors]
    groups = [(section.title, [form[name] for name in section.fields if name in names]) for section in SECTIONS]
    return [(title, fields) for title, fields in groups if fields]
