"""The fake encoder behind a gate, for tests that act while a worker is at work: `python:tests.support.slow_encoder`.

In the folder that SLOW_ENCODER_GATE names, the encoder makes a file `encoding` when it is given a phrase, and returns
once there is a file `open`.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.fake_encoder import FakeEncoder

MAX_S = 60


class SlowEncoder(FakeEncoder):
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if list(texts) != ["a"]:  # what a worker warms its encoder with
            self._wait(Path(os.environ["SLOW_ENCODER_GATE"]))
        return super().encode_texts(texts)

    def _wait(self, gate: Path) -> None:
        (gate / "encoding").touch()
        end = time.monotonic() + MAX_S
        while not (gate / "open").exists():
            if time.monotonic() > end:
                raise TimeoutError("nobody opened the gate")
            time.sleep(0.02)


def load() -> SlowEncoder:
    return SlowEncoder()
