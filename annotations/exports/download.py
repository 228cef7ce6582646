"""The export of a study as an answer to a request."""

import tempfile
from typing import IO

from django.http import FileResponse

from annotations.exports.study_export import export_name, write_study_zip
from annotations.models import Study


def study_download(study: Study) -> FileResponse:
    """Return the export as a file to save; it is written whole before the first byte leaves."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    write_study_zip(study, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=export_name(study), content_type="application/zip")
