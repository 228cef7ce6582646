"""Bringing in a data set from the admin: a folder that lies below IMPORT_ROOT, or an archive that somebody uploaded."""

import datetime as dt
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.validators import validate_slug
from django.db import transaction
from django.template.defaultfilters import capfirst, filesizeformat

from annotations.base.service_errors import NotPossible, only_valid
from annotations.datasets.encoder_choices import encoder_choices
from annotations.models import DatasetImport, JobState
from annotations.queue import jobs
from clarify_errors.arrays.datasets.importing.archives import SUFFIXES
from clarify_errors.arrays.datasets.importing.sources import ALL_FORMATS, FORMATS

LOADING = "loading the encoder"
_UNPACKING, _TRAINING = "unpacking", "training a base model"  # phases that do not count images


def import_progress(job: DatasetImport) -> str:
    """Return the step that a running import is at, with what is done of it where that is counted."""
    phase = capfirst(job.phase or "begins")
    if job.phase == _UNPACKING:
        return f"{phase}: {filesizeformat(job.n_done)} of {filesizeformat(job.n_total or 0)}."
    if job.phase == LOADING:
        return f"{phase}; the first images follow within a minute or two."
    if job.n_total and job.phase != _TRAINING:
        soon = "" if job.n_done else " The first ones are counted within a minute or two."  # once a batch is done
        return f"{phase}: {job.n_done:,} of {job.n_total:,} images.{soon}"
    return f"{phase}."


UPLOADS = "uploads"  # folder in DATA_ROOT
_DEPTH = 2  # of folders below IMPORT_ROOT that are offered

ABANDONED_AFTER = dt.timedelta(hours=24)  # since the last byte: the proxy ends an upload long before


def importable_folders() -> list[str]:
    """Return the folders below IMPORT_ROOT, two levels deep, relative to it; none where it is not set.

    Hidden ones and links that lead out of it are left out.
    """
    root = settings.IMPORT_ROOT
    if root is None or not root.is_dir():
        return []
    return sorted(path.relative_to(root).as_posix() for path in _folders(root, root.resolve(), _DEPTH))


def folder_of(name: str) -> Path:
    """Return the folder that a name from `importable_folders` stands for. Raises NotPossible for any other."""
    if name not in importable_folders():
        raise NotPossible("This folder cannot be imported. Choose one from the list.")
    assert settings.IMPORT_ROOT is not None, "it lists folders"
    return settings.IMPORT_ROOT / name


def known_encoders() -> list[str]:
    """Return the specs of the encoders that an import may name."""
    return [spec for spec, _ in encoder_choices()]


def known_encoder(spec: str) -> str:
    """Return the spec of an encoder that an import may name. Raises NotPossible for any other."""
    if spec not in known_encoders():
        raise NotPossible("This site does not offer this encoder yet. An operator can import with it by command.")
    return spec


def upload_path(file_name: str) -> Path:
    """Return where an uploaded archive goes: a new name of our own in DATA_ROOT. Raises NotPossible."""
    suffix = next((suffix for suffix in SUFFIXES if file_name.lower().endswith(suffix)), None)
    if suffix is None:
        raise NotPossible(f"The archive has an unknown format. Pack the folder as {', '.join(SUFFIXES)}.")
    folder = settings.DATA_ROOT / UPLOADS
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder / f"{uuid.uuid4().hex}{suffix}")


@transaction.atomic
def request_import(job: DatasetImport) -> DatasetImport:
    """Ask the workers for an import that is not stored yet. Raises NotPossible.

    Its source is a folder of `importable_folders`, or an archive that lies where `upload_path` said. Its encoder is one
    of `known_encoders`, the first of them where it names none.
    """
    with only_valid("The name of a data set may contain only letters, digits, _ and -."):
        validate_slug(job.name)
    if job.source_format not in ALL_FORMATS:
        raise NotPossible(f"{job.source_format!r} is not a known format. Choose one of {', '.join(ALL_FORMATS)}.")
    if bool(job.folder) == bool(job.archive):
        raise NotPossible("Choose a folder or upload an archive, but not both.")
    if job.archive and job.source_format not in FORMATS:
        raise NotPossible("Files of this format cannot be uploaded. Ask an operator to put the folder on this server.")
    if job.folder:
        folder_of(job.folder)
    job.similarity_encoder = known_encoder(job.similarity_encoder or known_encoders()[0])
    return jobs.ask(job, "import_requested", source="folder" if job.folder else "archive")


@transaction.atomic
def request_again(job: DatasetImport, *, similarity_encoder: str = "", by: str) -> None:
    """Let a failed import be tried again: it goes on where it stopped. Raises NotPossible.

    similarity_encoder: one of `known_encoders` instead of the one that failed, as long as nothing was imported with it.
    """
    locked = DatasetImport.objects.select_for_update().get(pk=job.pk)
    if locked.state != JobState.FAILED:
        raise NotPossible("This import did not fail. Only a failed import can be tried again.")
    if not can_be_tried_again(locked):
        raise NotPossible("The archive is no longer on this server. Upload it again.")
    if similarity_encoder and similarity_encoder != locked.similarity_encoder:
        if locked.dataset is not None:
            raise NotPossible(
                "The data set is already imported, with its encoder. To use another encoder, import the data set again."
            )
        locked.similarity_encoder = known_encoder(similarity_encoder)
    locked.save(update_fields=["similarity_encoder"])
    jobs.retry(locked, by, similarity_encoder=locked.similarity_encoder)


def can_be_tried_again(job: DatasetImport) -> bool:
    """Say whether a failed import still has what it was to import: an archive that was refused is removed."""
    return job.state == JobState.FAILED and (not job.archive or archive_of(job).exists())


def archive_of(job: DatasetImport) -> Path:
    """Return where the job's archive lies."""
    return Path(settings.DATA_ROOT / job.archive)


def unpacked_folder(job: DatasetImport) -> Path:
    """Return where the job's archive is unpacked."""
    return Path(settings.DATA_ROOT / UPLOADS / f"import-{job.pk}")


def remove_upload(job: DatasetImport) -> None:
    """Remove a job's archive and what was unpacked of it: a data set keeps what it needs of its images."""
    if job.archive:
        archive_of(job).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.rmtree(unpacked_folder(job))


def _folders(folder: Path, root: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or not path.is_dir() or not path.resolve().is_relative_to(root):
            continue
        yield path
        if depth > 1:
            yield from _folders(path, root, depth - 1)


def remove_abandoned_uploads(now: dt.datetime) -> int:
    """Remove uploaded files that are older than ABANDONED_AFTER and belong to no import; return how many."""
    oldest = (now - ABANDONED_AFTER).timestamp()
    old = [path for path in _files(settings.DATA_ROOT / UPLOADS) if path.stat().st_mtime < oldest]
    names = [path.relative_to(settings.DATA_ROOT).as_posix() for path in old]
    in_use = set(DatasetImport.objects.filter(archive__in=names).values_list("archive", flat=True))
    abandoned = [path for path, name in zip(old, names, strict=True) if name not in in_use]
    for path in abandoned:
        path.unlink(missing_ok=True)
    return len(abandoned)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
