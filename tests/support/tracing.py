"""Which of our files a call enters, in order."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tests.test_architecture import ROOT

OURS = tuple(f"{ROOT / package}/" for package in ("annotations", "clarify_site", "modeling", "worker"))


@contextmanager
def entered_files() -> Iterator[list[str]]:
    """Collect the files of ours that this thread enters by a call, one entry for each way in from another file."""
    entries: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        file, caller = frame.f_code.co_filename, frame.f_back
        is_import = frame.f_code.co_name == "<module>"
        if (
            event == "call"
            and file.startswith(OURS)
            and not is_import
            and (caller is None or caller.f_code.co_filename != file)
        ):
            entries.append(file.removeprefix(f"{ROOT}/"))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield entries
    finally:
        sys.setprofile(before)
