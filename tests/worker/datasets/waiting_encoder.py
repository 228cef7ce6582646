"""The fake encoder, as `python:tests.worker.datasets.waiting_encoder`: nodes of a cluster can be killed at a batch.

It leaves a file for each batch in the folder EMBEDDED_BY, named by the process that started its own: the node. The
first ones it embeds freely; then it waits until GO lies there. This module imports nothing of Django.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.fake_encoder import FakeEncoder

FREELY, GO = 2, "go"


class WaitingEncoder(FakeEncoder):
    name = "waiting-colour-statistics"

    def __init__(self) -> None:
        self._n_batches = 0

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        folder = Path(os.environ["EMBEDDED_BY"])
        (folder / f"{os.getppid()}-{uuid4().hex}").touch()
        self._n_batches += 1
        while self._n_batches > FREELY and not (folder / GO).exists():
            time.sleep(0.02)
        return super().encode_images(images)


def load() -> WaitingEncoder:
    return WaitingEncoder()


def end_this_process(*_: object) -> None:
    os._exit(1)


def do_nothing(*_: object) -> None:
    pass
