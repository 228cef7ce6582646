"""What a study's configuration holds: all that shapes a visit, as it would be frozen now."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Model

from annotations.base.version import CODE_VERSION
from annotations.datasets.class_images import resolved_target_class
from annotations.models import BaseModel, Condition, Study, Task
from annotations.models.consent_texts import frozen_consent
from annotations.models.study import AMENDABLE, OF_THE_ROW
from annotations.studies.shown_keywords import shows_keywords, top_keywords


def fields_of(model: type[Model], *others: str) -> tuple[str, ...]:
    """Return the names of a model's columns without some of them."""
    return tuple(field.name for field in model._meta.concrete_fields if field.name not in others)


# What shapes a visit and freezes at opening. Codes and the outside study id are no part of it: exports show it, and one
# that was mistyped can be corrected later, a code also once the study is closed.
FROZEN_STUDY_FIELDS = fields_of(Study, *AMENDABLE, *OF_THE_ROW)
FROZEN_CONDITION_FIELDS = fields_of(Condition, "id", "study")
FROZEN_TASK_FIELDS = fields_of(Task, "id", "study", "base_model")


def configuration_digest(study: Study) -> str:
    """Return the digest that the study's configuration would have if it froze now.

    Raises BadDataset where a data set does not open, NothingToEvaluate where nothing has a prediction.
    """
    return digest_of(configuration_content(study))


def configuration_content(study: Study) -> dict[str, Any]:
    """Return what the study's configuration would hold if it froze now, as JSON values; raises as the digest does."""
    tasks, with_keywords = study.tasks.with_base_models(), shows_keywords(study)
    base_models = {task.base_model_id: str(task.base_model) for task in tasks}
    return {
        "code_version": CODE_VERSION,
        "min_slice_size": settings.MIN_SLICE_SIZE,
        "study": {name: getattr(study, name) for name in FROZEN_STUDY_FIELDS} | _texts_as_read(study),
        "conditions": [
            {name: getattr(condition, name) for name in FROZEN_CONDITION_FIELDS}
            for condition in study.conditions.order_by("position")
        ],
        # Apart, since a study of experts has a thousand tasks on one base model of a thousand classes.
        "base_models": {name: _frozen_base_model(pk) for pk, name in base_models.items()},
        "tasks": [_frozen_task(task, with_keywords=with_keywords) for task in tasks],
    }


def _texts_as_read(study: Study) -> dict[str, Any]:
    """The consent text with what the study's own settings say of it, so that the configuration has what people read."""
    pay = ("bonus" if study.bonus_cents else "reward") if study.reward_cents else "unpaid"
    own = study.consent_text, study.language, study.translations, study.retention_days
    text, translations = frozen_consent(*own, pay)
    return {"consent_text": text, "translations": translations}


def digest_of(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a configuration's content, whatever the order of its keys."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _frozen_task(task: Task, *, with_keywords: bool) -> dict[str, Any]:
    task.target_class = resolved_target_class(task)
    if with_keywords and not task.keywords:
        task.keywords = "\n".join(top_keywords(task))
    return {
        **{name: getattr(task, name) for name in FROZEN_TASK_FIELDS},
        "class_name": task.class_name,
        "base_model": str(task.base_model),
    }


def _frozen_base_model(base_model_id: int) -> dict[str, Any]:
    base_model = BaseModel.objects.select_related("dataset").get(pk=base_model_id)
    dataset = base_model.dataset
    return {
        "name": base_model.name,
        "origin": base_model.origin,
        "l2": base_model.l2,
        "predictions_sha256": base_model.predictions.digest,
        "validation_accuracies": base_model.validation_accuracies,
        "test_metrics": base_model.test_metrics,
        "retrainable": dataset.has_features,
        "dataset": {
            **dataset.identity,
            "similarity_encoder": dataset.similarity_encoder,
            "feature_encoder": dataset.feature_encoder,
            "counts": dataset.counts,
        },
    }
