"""A captioner that takes its time: `python:tests.worker.commands.slow_captioner:make`."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image


class SlowCaptioner:
    name = "slow"

    def caption(self, images: Sequence[Image]) -> list[str]:
        with Path(os.environ["CAPTIONED"]).open("a") as log:
            log.write(f"{len(images)}\n")
        time.sleep(float(os.environ.get("CAPTION_S", "0")))
        return [f"an image of {image.width} pixels" for image in images]

    def describe(self) -> dict[str, Any]:
        return {"version": 1}


def make() -> SlowCaptioner:
    return SlowCaptioner()
