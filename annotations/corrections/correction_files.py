"""A pooled correction as it leaves the system: its report as JSON, and its head with the report beside it."""

import io
import json
from typing import Any

from annotations.base.tables.columns import write_time
from annotations.base.zip_archive import Archive
from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_effects import BEFORE, CONTROL, EFFECTS
from annotations.corrections.correction_reports import worst_group_gain
from annotations.corrections.correction_tables import report
from annotations.models import Correction
from annotations.models.moderated_words import HIDDEN, words_of_phrase
from clarify_errors.arrays.retraining.heads import Head

HEAD, DOCUMENT = "head.safetensors", "correction.json"
_LONG = ("effects", "leave_one_out")  # parts of the report that the head's own file does without


def correction_document(correction: Correction) -> dict[str, Any]:
    """Return what a correction was made from and what it does, as JSON values. Accuracies are shares in [0, 1]."""
    base_model = correction.base_model
    names = base_model.dataset.class_names
    parts = list(correction.parts.select_related("score__phrase__assignment__session").order_by("target_class"))
    words = {part.target_class: words_of_phrase(part.score.phrase) for part in parts}
    return {
        "format": "clarify-correction-1",
        "correction": str(correction.public_id),
        "study": correction.study.slug,
        "dataset": base_model.dataset.identity,
        "base_model": {"name": base_model.name, "l2": base_model.l2},
        "annotations": [
            {
                "class": part.target_class,
                "class_name": names[part.target_class],
                "phrase": words[part.target_class],
                "rendered_text": HIDDEN if words[part.target_class] == HIDDEN else part.score.rendered_text,
                "error_score": part.score.value,
                "similarity_threshold": part.threshold,
                "similarity_sign": part.score.sign,
                "chosen_by_hand": part.by_hand,
            }
            for part in parts
        ],
        "training": {
            "scheme": correction.scheme,
            "solved": correction.effects.get("solved"),
            "slices": correction.effects.get("slices", []),
            "loss": correction.loss,
            "certified_gap": correction.certified_gap,
            "code_version": correction.code_version,
            "versions": correction.versions,
        },
        "gain": {
            "own_gain": worst_group_gain(correction.effects, CONTROL),
            "over_base_model": worst_group_gain(correction.effects, BEFORE),
        },
        "effects": correction.effects.get("sets", []),
        "leave_one_out": [{**each, "phrase": words[each["class"]]} for each in correction.ablations],
        "review": {
            "decision": correction.review,
            "reason": correction.review_reason,
            "at": write_time(correction.reviewed_at) if correction.reviewed_at else None,
        },
    }


def correction_json(correction: Correction) -> str:
    return _pretty(correction_document(correction))


def correction_zip(correction: Correction, *, by: str) -> bytes:
    """Return the head with the report as one zip. Raises NotPossible."""
    head, document = corrections.take_head(correction, by=by), correction_document(correction)
    header = {
        "feature_encoder": correction.base_model.dataset.feature_encoder,  # by which `predict` finds it
        "model_card": json.dumps({name: document[name] for name in document if name not in _LONG}, ensure_ascii=False),
    }
    file = io.BytesIO()
    with Archive(file) as archive:
        archive.binary(HEAD, Head.from_bytes(head).to_bytes(header))
        archive.text(DOCUMENT, _pretty(document))
        archive.csv(EFFECTS.file, report(correction).lines())
    return file.getvalue()


def _pretty(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
