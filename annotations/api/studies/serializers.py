"""The shape of what the API sends and takes; nothing else is decided here."""

import uuid
from typing import Any

from rest_framework import serializers

from annotations.models import (
    AnnotationSession,
    Assignment,
    BaseModel,
    Dataset,
    Phrase,
    Run,
    Score,
    Study,
    Task,
)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    class Meta:
        model = Dataset
        fields = (
            "id",
            "name",
            "version",
            "digest",
            "class_names",
            "attribute_names",
            "similarity_encoder",
            "feature_encoder",
            "counts",
            "created_at",
        )


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = (
            "id",
            "dataset",
            "name",
            "origin",
            "l2",
            "validation_accuracies",
            "test_metrics",
            "training",
            "created_at",
        )


class TaskSerializer(serializers.ModelSerializer[Task]):
    class_name = serializers.CharField(read_only=True)

    class Meta:
        model = Task
        fields = (
            "id",
            "position",
            "base_model",
            "target_class",
            "class_name",
            "text_template",
            "min_phrases",
            "max_phrases",
            "time_limit_s",
        )


class StudySerializer(serializers.ModelSerializer[Study]):
    tasks = TaskSerializer(many=True, read_only=True)

    class Meta:
        model = Study
        fields = (
            "slug",
            "title",
            "state",
            "audience",
            "introduction",
            "goal",
            "created_at",
            "opened_at",
            "closed_at",
            "tasks",
        )


class SessionSerializer(serializers.ModelSerializer[AnnotationSession]):
    """A visit under its pseudonyms; ids from outside are not part of the API."""

    study = serializers.SlugRelatedField[Study](slug_field="slug", read_only=True)
    participant = serializers.CharField(source="participant.pseudonym", read_only=True)
    session = serializers.CharField(source="submission_key", read_only=True)
    configuration = serializers.IntegerField(source="configuration.version", read_only=True)

    class Meta:
        model = AnnotationSession
        fields = (
            "public_id",
            "session",
            "study",
            "participant",
            "configuration",
            "kind",
            "verification",
            "stage",
            "outcome",
            "code_version",
            "created_at",
            "consented_at",
            "tutorial_done_at",
            "ended_at",
            "withdrawn_at",
        )


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    session = serializers.UUIDField(source="session.public_id", read_only=True)
    task = serializers.IntegerField(source="task.position", read_only=True)

    class Meta:
        model = Assignment
        fields = (
            "public_id",
            "session",
            "task",
            "position",
            "state",
            "started_at",
            "first_deadline_at",
            "deadline_at",
            "ended_at",
            "end_reason",
        )


class ScoreSerializer(serializers.ModelSerializer[Score]):
    error_score = serializers.FloatField(source="value", min_value=0, max_value=1, read_only=True)
    two_sided_error_score = serializers.FloatField(source="two_sided", min_value=0, max_value=1, read_only=True)
    correct_images = serializers.IntegerField(source="n_correct", read_only=True)
    wrong_images = serializers.IntegerField(source="n_error", read_only=True)

    class Meta:
        model = Score
        fields = (
            "error_score",
            "threshold",
            "two_sided_error_score",
            "two_sided_threshold",
            "p_value",
            "p_method",
            "tries",
            "null_level",
            "sign",
            "subject",
            "correct_images",
            "wrong_images",
            "scored_at",
        )


class OwnPhraseSerializer(serializers.ModelSerializer[Phrase]):
    """A phrase as its author sees it; `score` is null until a worker has scored it."""

    score = ScoreSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Phrase
        fields = ("client_uuid", "ordinal", "text", "state", "submitted_at", "score")


class PhraseSerializer(OwnPhraseSerializer):
    """A phrase as a study's staff sees it."""

    assignment = serializers.UUIDField(source="assignment.public_id", read_only=True)
    participant = serializers.CharField(source="assignment.session.participant.pseudonym", read_only=True)
    run = serializers.UUIDField(source="score.run.public_id", read_only=True, allow_null=True, default=None)

    class Meta(OwnPhraseSerializer.Meta):
        fields = ("id", "assignment", "participant", *OwnPhraseSerializer.Meta.fields, "run")  # type: ignore[assignment]


class UUIDStringField(serializers.UUIDField):
    """A UUID as it is written: the stock field also takes whole numbers, and 7 is nobody's UUID."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class NewPhraseSerializer(serializers.Serializer[Phrase]):
    """What a participant sends. The same client_uuid again is the same phrase, however often it arrives."""

    client_uuid = UUIDStringField()
    text = serializers.CharField(trim_whitespace=False, allow_blank=True)


class RunSerializer(serializers.ModelSerializer[Run]):
    assignment = serializers.UUIDField(source="assignment.public_id", read_only=True)
    participant = serializers.CharField(source="assignment.session.participant.pseudonym", read_only=True)

    class Meta:
        model = Run
        fields = (
            "public_id",
            "assignment",
            "participant",
            "base_model",
            "target_class",
            "phrase_text",
            "threshold",
            "is_chosen",
            "sign",
            "scheme",
            "l2",
            "state",
            "reason",
            "n_above",
            "n_below",
            "worst_group_accuracy",
            "average_accuracy",
            "plain_average_accuracy",
            "robustness_gap",
            "group_accuracies",
            "created_at",
            "finished_at",
        )
