"""The machine that a benchmark was computed on: sums round differently on another, or in another number of threads."""

import os
import platform
from pathlib import Path
from typing import Any

import torch

from worker.common import process_cache

_CPUINFO = Path("/proc/cpuinfo")


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


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """The processor's name, `unknown` where the system does not say. cpuinfo: the file of Linux."""
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor()) or "unknown"
