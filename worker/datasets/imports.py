"""Imports that were asked for in the admin: what `manage.py import_dataset` does, with its progress in a row."""

from pathlib import Path

from django.conf import settings

from annotations.base.service_errors import ServiceError
from annotations.datasets import import_requests as imports
from annotations.datasets.import_requests import LOADING
from annotations.models import Dataset, DatasetImport
from annotations.queue import jobs
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.importing.archives import unpack
from clarify_errors.arrays.datasets.importing.import_errors import ImportRunning, StorageFailed
from clarify_errors.arrays.datasets.importing.storage import replace_durably
from clarify_errors.tensors.encoders import EncoderUnavailable
from worker.datasets.base_models import trained
from worker.datasets.dataset_import import import_folder
from worker.queue.due_jobs import progress_of, work_on_due
from worker.queue.failure_messages import reason_of

BASE_MODEL = "erm"  # the name of the base model that an import trains
_CONTENT, _UNPACKED = "content", "unpacked"  # what an archive held, and a file that stands beside it once it is whole
_CAN_BE_MENDED = (StorageFailed, ImportRunning, EncoderUnavailable)  # an archive is kept for another try


def run_due_imports() -> int:
    """Run every import that is due, one after the other; return how many ended. Raises OperationalError."""
    return work_on_due(DatasetImport, _run)


def _run(job: DatasetImport) -> None:
    tell = progress_of(job)
    try:
        if job.dataset is not None and job.l2 and not (job.folder or job.archive):
            _train(job, job.dataset)
            return jobs.finish(job, phase="")
        folder, encoder = _folder(job, tell), job.similarity_encoder
        jobs.beat(job, phase=LOADING, n_done=0, n_total=None)
        dataset, created = import_folder(job.name, job.source_format, folder, similarity_encoder=encoder, progress=tell)
        jobs.beat(job, dataset=dataset, report=_report(dataset, created))
        if job.train_base_model:
            _train(job, dataset)
    except (ModelingError, ServiceError) as error:
        jobs.fail(job, _sentence(reason_of(error), job))
        if not isinstance(error, _CAN_BE_MENDED):
            imports.remove_upload(job)
    else:
        jobs.finish(job, phase="")
        imports.remove_upload(job)


def _train(job: DatasetImport, dataset: Dataset) -> None:
    """Train the base model; one that is not the first is named after its λ."""
    l2 = job.l2 or settings.DEFAULT_L2
    jobs.beat(job, phase="training a base model")
    trained(dataset, name=BASE_MODEL if job.folder or job.archive else f"{BASE_MODEL}-{l2:g}", l2=l2)


def _folder(job: DatasetImport, tell: Progress) -> Path:
    """Where the images lie; an archive is unpacked the first time. Raises ImportRefused, NotPossible."""
    if job.folder:
        return imports.folder_of(job.folder)
    folder = imports.unpacked_folder(job)
    whole = folder / _UNPACKED
    if not whole.exists():
        inner = unpack(imports.archive_of(job), folder / _CONTENT, tell)
        replace_durably(whole, inner.relative_to(folder).as_posix().encode())
    return folder / whole.read_text("utf-8")


def _sentence(message: str, job: DatasetImport) -> str:
    """The reason without this machine's paths, with how far it came."""
    for place in (imports.unpacked_folder(job) / _CONTENT, settings.DATA_ROOT / imports.UPLOADS, settings.IMPORT_ROOT):
        message = message.replace(f"{place}/", "") if place else message
    message = message if message.endswith(".") else f"{message}."
    return f"The data set was imported, but its base model was not trained: {message}" if job.dataset else message


def _report(dataset: Dataset, created: bool) -> dict[str, object]:
    return {**dataset.files.manifest.report, "is_new": created, "counts": dataset.counts}
