"""Weights of open_clip models: a file, or a pretrained tag that is cached or can be fetched."""

import json
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import open_clip
from huggingface_hub import hf_hub_download

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders.hub import cached_or_fetched

_WEIGHTS_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
_CONFIG_FILE = "open_clip_config.json"
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")


@dataclass(frozen=True)
class WeightsFile:
    """A weights file and the settings that belong to it.

    Attributes
    ----------
    file : pathlib.Path
    quick_gelu : bool
        Whether the model was trained with OpenAI's approximation of GELU.
    preprocessing : dict
        Those of mean, std, interpolation and resize_mode that differ from open_clip's defaults for the model.
    """

    file: Path
    quick_gelu: bool = False
    preprocessing: dict[str, Any] = field(default_factory=dict)


def find_weights(model: str, pretrained: str) -> WeightsFile:
    """Find the weights that `pretrained` names.

    Parameters
    ----------
    model : str
        open_clip's name of the model.
    pretrained : str
        A tag that open_clip knows for the model, otherwise the path of a file.

    Returns
    -------
    WeightsFile

    Raises
    ------
    EncoderUnavailable
        If they cannot be found or fetched; the message says what to do.

    Notes
    -----
    huggingface_hub fetches a tag's file once and caches it. An `open_clip_config.json` beside a weights file, as in
    repositories of open_clip models, gives the file's preprocessing.
    """
    tag = open_clip.get_pretrained_cfg(model, pretrained)
    if tag:
        file = _file_of_tag(f"open_clip:{model}:{pretrained}", model, tag["hf_hub"])
        return WeightsFile(file, bool(tag.get("quick_gelu")), _preprocessing_of(tag))
    file = Path(pretrained)
    if not file.is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise EncoderUnavailable(
            f"open_clip:{model}:{pretrained} names neither a weights file nor a pretrained tag of {model} "
            f"(known tags: {tags})"
        )
    return _with_config_beside(file)


def _with_config_beside(file: Path) -> WeightsFile:
    config_file = file.with_name(_CONFIG_FILE)
    if not config_file.is_file():
        return WeightsFile(file)
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        quick_gelu = bool(config["model_cfg"].get("quick_gelu"))
        preprocessing = _preprocessing_of(config.get("preprocess_cfg", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EncoderUnavailable(f"{config_file} is not the configuration of an open_clip model") from None
    return WeightsFile(file, quick_gelu, preprocessing)


def _preprocessing_of(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in _PREPROCESSING if config.get(name)}


def _file_of_tag(spec: str, model: str, hub_path: str) -> Path:
    repository, wanted = os.path.split(hub_path)
    candidates = (wanted,) if wanted else _WEIGHTS_FILES

    def download(name: str, is_local: bool) -> Path:
        return Path(hf_hub_download(repository, name, local_files_only=is_local))

    return cached_or_fetched(
        repository,
        candidates[0],
        [partial(download, name) for name in candidates],
        f"the weights of {spec} are not on this machine and cannot be fetched: on a machine with a network, "
        f"download {candidates[0]} and {_CONFIG_FILE} from the Hugging Face repository {repository} into one "
        f"folder, copy it here, and use open_clip:{model}:/path/to/{candidates[0]}",
    )
