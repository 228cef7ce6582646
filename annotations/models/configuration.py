"""The configuration of a study, which freezes when it opens."""

from django.db import models

from annotations.models.consent_texts import says_writing_is_counted
from annotations.models.constraints import once
from annotations.models.study import Study
from annotations.models.study_texts import AskedQuestion, StudyText, asked_questions, study_text


class StudyConfiguration(models.Model):
    """All that shapes a visit, as it was when the study opened; every session names the one it ran under."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="configurations")
    version = models.PositiveIntegerField()
    data = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the data as canonical JSON")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["study", "version"]
        constraints = [once("configuration_version_once", "study", "version")]

    def __str__(self) -> str:
        return f"{self.study} v{self.version}"

    def consent_text(self, language: str) -> StudyText:
        """Return the text that people of this configuration consent to, in a language if it was translated."""
        return study_text(self.data["study"], "consent_text", language)

    @property
    def counts_writing(self) -> bool:
        """Whether its consent says, in each of its languages, that the page counts how words come into the field."""
        study = self.data["study"]
        translated = [texts.get("consent_text", "") for texts in study.get("translations", {}).values()]
        return all(says_writing_is_counted(text) for text in [study["consent_text"], *filter(None, translated)])

    def end_questions(self, language: str) -> tuple[AskedQuestion, ...]:
        """Return the study's own questions at the end; none where it froze before there were any."""
        return asked_questions(self.data["study"], language)
