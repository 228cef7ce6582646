"""No page takes a file unless its view says so (setting FILE_UPLOAD_HANDLERS)."""

from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoUploads(FileUploadHandler):
    """Stops reading a request where a file begins: no byte of it is stored.

    A view that takes files sets a handler of its own once it knows who sends them (annotations/pages/uploads).
    """

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StopUpload(connection_reset=True)
