"""The machine that a benchmark was computed on: sums round differently on another, or in another number of threads."""

import os
import platform
from typing import Any

import torch

from worker.common import process_cache
from worker.common.library_versions import processor


def machine() -> dict[str, Any]:
    """What the figures' last digits depend on beside versions, JSON-like.

    threads: that torch, which trains, computes in; instructions: the vector instructions that it uses; gpu: its name,
    None where nothing is trained on one.
    """
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if process_cache.device() == "cuda" else None,
    }


def machine_in_words() -> str:
    """The machine for a page."""
    on = machine()
    chip = f"{on['processor']} ({on['architecture']}, {on['instructions']})"
    words = f"{chip}, cores: {on['cores']}, threads: {on['threads']}"
    return f"{words}, {on['gpu']}" if on["gpu"] else words
