"""The shape of what the API sends and takes; nothing else is decided here."""

import uuid
from typing import Any

from rest_framework import serializers

from annotations.models import BaseModel, Dataset, Phrase, Score, Study, Task


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
            "scheme",
            "created_at",
            "opened_at",
            "closed_at",
            "tasks",
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
