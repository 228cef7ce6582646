"""The form field in which a draft's texts are translated: for each language of the pages one place a text."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.datastructures import MultiValueDict

from annotations.models.study_texts import MAX_LENGTHS
from clarify_errors.arrays.common.safe_text import TYPED_PER_STORED, compose

ROWS = {
    "title": 1,
    "introduction": 3,
    "consent_text": 5,
    "end_questions": 4,
}  # lines of its place; a title has no second
LABELS = {"title": "Title", "introduction": "Introduction", "consent_text": "Consent", "end_questions": "Questions"}


class TranslationsWidget(forms.Widget):
    """A closed section a language; its value is {language: {name of the text: text}}."""

    template_name = "admin/annotations/study/translations.html"
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["max_title_length"] = MAX_LENGTHS["title"]
        context["languages"] = [
            {
                "code": code,
                "name": language,
                "is_given": code in (value or {}),
                "places": [
                    {
                        "name": _key(name, code, text),
                        "label": label,
                        "rows": ROWS[text],
                        "value": _of(value, code, text),
                    }
                    for text, label in LABELS.items()
                ],
            }
            for code, language in settings.LANGUAGES
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> Any:
        given = {
            code: {text: str(data.get(_key(name, code, text), "")).strip() for text in LABELS}
            for code, _language in settings.LANGUAGES
        }
        kept = {code: {text: value for text, value in texts.items() if value} for code, texts in given.items()}
        return {code: texts for code, texts in kept.items() if texts}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> bool:
        return not any(_key(name, code, text) in data for code, _language in settings.LANGUAGES for text in LABELS)

    def id_for_label(self, id_: str) -> str:
        return ""  # it has several places, each with its own label


class TranslationsField(forms.Field):
    """A study's `translations`. What may stand in them the model decides (`validate_translations`)."""

    widget = TranslationsWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "label": "Translations", **options})

    def to_python(self, value: Any) -> Any:
        """Compose each text: the model counts characters after that, and refuses what is too long to be composed."""
        return {
            code: {name: _composed(name, text) for name, text in texts.items()} for code, texts in (value or {}).items()
        }

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(_plain(initial or {}) != _plain(data or {}))


def _composed(name: str, text: str) -> str:
    return text if len(text) > TYPED_PER_STORED * MAX_LENGTHS[name] else compose(text)


def _plain(value: Any) -> Any:
    """Browsers send the line breaks of a text in their own way."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _key(name: str, language: str, text: str) -> str:
    return f"{name}-{language}-{text}"


def _of(value: Any, language: str, text: str) -> str:
    return str((value or {}).get(language, {}).get(text, ""))
