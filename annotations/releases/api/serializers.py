"""The shape of what the API sends; nothing else is decided here."""

from rest_framework import serializers

from annotations.models import BaseModel, Dataset, Study, Task


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
