"""The export of a study, and its releases, as answers to a request."""

import tempfile
from typing import IO

from django.http import FileResponse

from annotations.log import audit
from annotations.models import Release, Study
from annotations.releases import release_requests
from annotations.releases.study_export import export_name, write_study_zip


def study_download(study: Study) -> FileResponse:
    """Return the export as a file to save; it is written whole before the first byte leaves."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    write_study_zip(study, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=export_name(study), content_type="application/zip")


def release_download(release: Release, *, by: str) -> FileResponse:
    """Return a release as a file to save, and note who took it.

    Raises ReleaseNotReady, ReleaseSuperseded, ReleaseFileMissing.
    """
    path = release_requests.open_file(release)
    audit.record("release_downloaded", release, by=by)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="application/zip")
