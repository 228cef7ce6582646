"""All that is needed to compute a benchmark again, and to check that the same came out: what the JSON file holds."""

import os
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import torch

from clarify_errors.arrays.retraining.group_resampling import RESAMPLES
from worker.benchmarks.method_inputs import HELD_OUT, Bench
from worker.common import process_cache
from worker.common.library_versions import library_versions, processor


def settings_document(bench: Bench) -> dict[str, Any]:
    """What a benchmark is computed with, JSON-like."""
    return {
        "l2": bench.l2,
        "seeds": list(range(bench.seeds)),
        "held_out_share_of_draws": HELD_OUT,
        "scheme": bench.scheme,
        "min_slice_size": bench.min_slice_size,
        "device": bench.device,
        "published": asdict(bench.settings),
        "prompts": bench.templates,
    }


def versions() -> dict[str, str]:
    """Of the code, Python and the libraries that the figures depend on."""
    return {**library_versions(), "scikit-learn": version("scikit-learn")}


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


def page_context(seed: int) -> dict[str, Any]:
    """What the page of a report says of how it was computed. seed: of the resamples."""
    return {
        "resamples": f"{RESAMPLES:,}",
        "seed": seed,
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions().items())),
        "machine": machine_in_words(),
    }
