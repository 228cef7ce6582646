"""A run's head as it leaves the system: the weights as safetensors, and a model card for people and for programs."""

import io
import json
from typing import Any

from annotations.base.service_errors import ServiceError
from annotations.base.zip_archive import Archive
from annotations.models import Run, RunState
from annotations.models.moderated_words import is_excluded
from annotations.runs.model_card import model_card, model_card_text
from clarify_errors.arrays.retraining.heads import Head

HEAD = "head.safetensors"
CARD = "model_card.json"
CARD_TEXT = "MODEL_CARD.md"


class RunHasNoHead(ServiceError, code="run_has_no_head"):
    """The run was refused, failed, or is not done yet."""

    def __init__(self, run: Run) -> None:
        why = f": {run.reason}" if run.reason else ""
        super().__init__(f"This run has no head to export because it is {run.get_state_display().lower()}{why}.")


class RunExcluded(ServiceError, code="run_excluded"):
    """The phrase that the run was trained with was excluded, so its head is handed out no more."""

    sentence = (
        "The phrase of this run was excluded, so its head cannot be downloaded. Take the exclusion back "
        "under Moderation first."
    )


def head_files(run: Run) -> dict[str, bytes]:
    """Return the files by name: head, model card as JSON, model card as Markdown. The same run gives the same bytes.

    The weights are the stored ones; the card also lies in the header of the head's file, so that it is complete by
    itself. Raises RunHasNoHead, RunExcluded.
    """
    if run.state != RunState.DONE or run.head is None:
        raise RunHasNoHead(run)
    if is_excluded(run):
        raise RunExcluded
    card = model_card(run)
    return {
        HEAD: Head.from_bytes(bytes(run.head)).to_bytes(_header(card)),
        CARD: (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode(),
        CARD_TEXT: model_card_text(card).encode(),
    }


def head_zip(run: Run) -> bytes:
    """Return the files of `head_files` as one zip. Raises RunHasNoHead, RunExcluded."""
    file = io.BytesIO()
    files = head_files(run)
    with Archive(file) as archive:
        for name, data in files.items():
            archive.binary(name, data)
    return file.getvalue()


def _header(card: dict[str, Any]) -> dict[str, str]:
    """What the head's own file says: the spec of the encoder, by which `predict` finds it, and the whole card."""
    encoder = card["features"]["encoder"]
    return {
        "feature_encoder": "" if encoder is None else encoder["spec"],
        "model_card": json.dumps(card, sort_keys=True, ensure_ascii=False),
    }
