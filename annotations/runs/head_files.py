"""A run's head as it leaves the system: the weights as safetensors, and a model card for people and for programs.

The card says what the head was made from, how, and how well it does beside the base model.
"""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from django.template.loader import render_to_string

from annotations.base.service_errors import ServiceError
from annotations.base.zip_archive import Archive
from annotations.models import BaseModel, Run, RunState
from annotations.models.moderated_words import is_excluded, words_of_run
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.heads import Head

_MEASURES = {  # of runs and controls, and what a base model's metrics call them
    "worst_group_accuracy": "worst_group",
    "average_accuracy": "average",
    "plain_average_accuracy": "average_plain",
    "robustness_gap": "gap",
}
_WITHOUT = {  # by the control's name
    "the control": "without it, in which each class has the same weight",
    "a new last layer": "without it, which gives the imported model a new last layer",
}


def model_card(run: Run) -> dict[str, Any]:
    """Return the card of a run that is done, as JSON values. Accuracies are shares in [0, 1].

    It says "(hidden)" for a phrase that the staff hid, whenever they did.
    """
    dataset = run.base_model.dataset
    return {
        "format": "clarify-model-card-1",
        "run": str(run.public_id),
        "dataset": {**dataset.identity, "images": dataset.counts},
        "annotation": _annotation(run),
        "features": {
            "encoder": dataset.files.manifest.encoder_of("features"),
            "standardization": "unit rows, then z-score by feature_mean and feature_deviation",
        },
        "training": _training(run),
        "gain": _gain(run),
        "test": {**{name: getattr(run, name) for name in _MEASURES}, "groups": _groups(run)},
        "control": _control(run),
        "base_model": _base_model(run.base_model),
    }


def model_card_text(card: Mapping[str, Any]) -> str:
    """Return the card as Markdown with front matter in YAML, as the Hugging Face Hub reads it.

    Whatever a person typed is escaped. No licence is made up: the Hub's word for that is "unknown".
    """
    context = {
        **card,
        "front_matter": yaml.safe_dump(_front_matter(card), sort_keys=False, allow_unicode=True),
        "class_names": ", ".join(card["dataset"]["class_names"]),
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(card["training"]["versions"].items())),
        "gain": {name: None if gain is None else f"{100 * gain:+z.1f} points" for name, gain in card["gain"].items()},
        "text_encoder": _encoder(card["annotation"]["similarity_encoder"]),
        "image_encoder": _encoder(card["features"]["encoder"]),
        "numbers": {
            "threshold": repr(card["annotation"]["similarity_threshold"]),
            "l2": f"{card['training']['l2']:g}",
            "loss": repr(card["training"]["loss"]),
            "certified_gap": repr(card["training"]["certified_gap"]),
        },
        "without": card["control"] and _WITHOUT[card["control"]["name"]],
        "measured": list(_measured(card)),
    }
    return render_to_string("annotations/files/model_card.md", context)


def _front_matter(card: Mapping[str, Any]) -> dict[str, Any]:
    dataset, test = card["dataset"], card["test"]
    names = {
        "worst_group_accuracy": "Worst-group accuracy",
        "average_accuracy": "Average accuracy, groups weighted by train",
        "plain_average_accuracy": "Accuracy",
    }
    metrics = [{"type": "accuracy", "name": name, "value": test[key]} for key, name in names.items()]
    of_test = {"name": dataset["name"], "type": dataset["name"], "split": "test", "revision": dataset["digest"]}
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": of_test,
        "metrics": metrics,
    }
    return {
        "license": "unknown",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "spurious-correlations", "group-robustness", "clarify"],
        "datasets": [dataset["name"]],
        "metrics": ["accuracy"],
        "model-index": [{"name": f"clarify-{card['run']}", "results": [result]}],
    }


def _annotation(run: Run) -> dict[str, Any]:
    dataset = run.base_model.dataset
    return {
        "target_class": run.target_class,
        "class_name": dataset.class_names[run.target_class],
        "phrase": words_of_run(run),
        "text_template": run.assignment.task.text_template,
        "similarity_threshold": run.threshold,
        "similarity_sign": run.sign,
        "similarity_encoder": dataset.files.manifest.encoder_of("similarity"),
    }


def _training(run: Run) -> dict[str, Any]:
    return {
        "scheme": run.scheme,
        "scheme_in_words": run.get_scheme_display(),
        "l2": run.l2,
        "trained_rows": run.trained_rows and [run.base_model.dataset.class_names[row] for row in run.trained_rows],
        "n_above_threshold": run.n_above,
        "n_at_or_below_threshold": run.n_below,
        "min_slice_size": run.min_slice_size,
        "loss": run.loss,
        "certified_gap": run.certified_gap,
        "trained_at": run.finished_at.isoformat() if run.finished_at else None,
        "code_version": run.code_version,
        "versions": run.versions,
    }


def _gain(run: Run) -> dict[str, Any]:
    """Of worst-group accuracy on the test images; the own gain is None until the control is trained.

    Its interval, for other test images, is None until it is measured.
    """
    assert run.worst_group_accuracy is not None, "a run that is done has its accuracies"
    return {
        "own_gain": run.own_gain,
        "own_gain_low": run.own_gain_low,
        "own_gain_high": run.own_gain_high,
        "over_base_model": own_gain(run.worst_group_accuracy, run.base_model.test_metrics["worst_group"]),
    }


def _control(run: Run) -> dict[str, Any] | None:
    """The same retraining without the phrase; None until it is trained."""
    control = run.control
    if control is None:
        return None
    return {"name": run.base_model.control_name, **{name: getattr(control, name) for name in _MEASURES}}


def _base_model(base_model: BaseModel) -> dict[str, Any]:
    measured = base_model.test_metrics
    return {
        "name": base_model.name,
        "origin": base_model.origin,
        "reference_name": base_model.reference_name,
        "l2": base_model.l2,
        **{name: measured[key] for name, key in _MEASURES.items()},
    }


def _groups(run: Run) -> list[dict[str, Any]]:
    """Each group's name, number of test images, and accuracies; None for a group without images."""
    dataset, base = run.base_model.dataset, run.base_model.test_metrics
    controls = run.control.group_accuracies if run.control else [None] * len(base["accuracies"])
    assert run.group_accuracies is not None, "a run that is done has its group accuracies"
    return [
        {"name": name, "n": n, "accuracy": accuracy, "control_accuracy": control, "base_model_accuracy": before}
        for name, n, accuracy, control, before in zip(
            dataset.group_names,
            dataset.files.manifest.group_counts["test"],
            run.group_accuracies,
            controls,
            base["accuracies"],
            strict=True,
        )
    ]


def _measured(card: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """How well the head does, beside the control and the base model: a row each of the table."""
    test, base, control = card["test"], card["base_model"], card["control"] or {}
    for key in _MEASURES:
        yield key.replace("_", " ").capitalize(), _share(test[key]), _known(control.get(key)), _share(base[key])
    for group in test["groups"]:
        accuracies = _share(group["accuracy"]), _known(group["control_accuracy"]), _share(group["base_model_accuracy"])
        yield f"{group['name']} ({group['n']})", *accuracies


def _encoder(description: Mapping[str, Any] | None) -> str:
    return "supplied as a file" if description is None else f"`{description['spec']}`"


def _known(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "no images" if value is None else f"{value:.4f}"


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
