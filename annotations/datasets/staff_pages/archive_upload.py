"""Takes an uploaded archive in: straight to its place under DATA_ROOT, no further than the limit, never into memory."""

from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from annotations.base.service_errors import ServiceError
from annotations.datasets.import_requests import upload_path

MEGABYTE = 2**20
HIDDEN = "."  # begins the name of what is not finished: no back-up has it


class Archive(UploadedFile):  # type: ignore[type-arg]  # it takes none when it runs
    """An archive that arrived whole, at `path`: hidden, and so in no back-up, until it is kept."""

    def __init__(self, path: Path, name: str, size: int) -> None:
        super().__init__(path.open("rb"), name, size=size)
        self.path = path

    def keep(self) -> Path:
        """Give it the name under which a worker will find it; return its path."""
        self.path = self.path.rename(self.path.with_name(self.path.name.removeprefix(HIDDEN)))
        return self.path

    def remove(self) -> None:
        """Remove it: nothing came of it."""
        self.path.unlink(missing_ok=True)


class ArchiveUpload(FileUploadHandler):
    """Writes the file of the field `archive`; what is wrong with it stands in `problem`, for the page to say."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.problem = ""
        self._path: Path | None = None
        self._target: IO[bytes] | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != "archive" or self._path is not None:
            self._refuse("Upload one archive and no other file.")
        try:
            place = upload_path(file_name)
            self._path = place.with_name(HIDDEN + place.name)
            self._target = self._path.open("xb")
        except ServiceError as error:
            self._refuse(error.message)
        except OSError as error:
            self._refuse(_cannot_be_stored(error))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._target is not None, "new_file opened it"
        if start + len(raw_data) > max_bytes():
            self._refuse(too_large())
        try:
            self._target.write(raw_data)
        except OSError as error:
            self._refuse(_cannot_be_stored(error))

    def file_complete(self, file_size: int) -> Archive | None:
        if self._path is None or self._target is None:
            return None
        self._target.close()
        return Archive(self._path, str(self.file_name), file_size)

    def upload_interrupted(self) -> None:
        self._remove()

    def _refuse(self, problem: str) -> None:
        self.problem = problem
        self._remove()
        raise SkipFile

    def _remove(self) -> None:
        if self._target is not None:
            self._target.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._path = self._target = None


def max_bytes() -> int:
    """Return how many bytes an archive may have."""
    return int(settings.IMPORT_UPLOAD_MB) * MEGABYTE


def too_large() -> str:
    """Return what is said of a larger one."""
    return (
        f"The archive is larger than the limit of {settings.IMPORT_UPLOAD_MB:,} MB. Ask an operator to put the "
        "folder into the import folder instead."
    )


def _cannot_be_stored(error: OSError) -> str:
    return f"The archive cannot be stored: {error.strerror or error}. Ask an operator to free disk space."
