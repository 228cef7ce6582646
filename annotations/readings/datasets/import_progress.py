"""How far an import of a data set is, in a sentence."""

from django.template.defaultfilters import capfirst, filesizeformat

from annotations.models import DatasetImport

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
