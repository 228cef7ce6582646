import os
import subprocess
import sys
from pathlib import Path

import pytest

# The kernel keeps a process's highest memory, and forgets it when "5" is written to clear_refs.
PROGRAM = """
from pathlib import Path
import numpy as np
from clarify_errors.tensors.retraining import blocks
from clarify_errors.tensors.retraining.many_heads import train_heads

blocks.SMALL = 0  # so that few images, which come first, go the way of many

def kibibytes(name):
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith(name))

rng = np.random.default_rng(0)
n, d, k = 120_000, 512, 18  # as many heads as are trained at once; half as many images hide beside what any run needs
x = rng.standard_normal((n, d), dtype=np.float32)
y = (x[:, :5].sum(1) + rng.normal(size=n) > 0).astype(np.int64)
weights = rng.random((n, k))
train_heads(x[:1000], y[:1000], weights[:1000], 0.01, tolerance=1e-2)  # what torch loads on first use
Path("/proc/self/clear_refs").write_text("5")
before = kibibytes("VmRSS")
train_heads(x, y, weights, 0.01)
print((kibibytes("VmHWM") - before) * 1024 / x.nbytes)
"""

# 1/50 of ImageNet's images times classes, in 1/50 of what may be used for it; the features are mapped files.
FIFTIETH = """
import resource, sys
from pathlib import Path
import numpy as np
import torch
from clarify_errors.arrays.embeddings import training_features
from clarify_errors.tensors.retraining import problem
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.warm_start import prepare_start

BOUND = 8 * 2**30 // 50
n, d, n_classes, folder = 64_000, 128, 400, Path(sys.argv[1])
training_features.IN_MEMORY, problem.MOST_KEPT = 0, problem.MOST_KEPT // 50
torch.set_num_threads(1)

rng = np.random.default_rng(0)
labels = np.sort(rng.integers(n_classes, size=n))
stored = np.lib.format.open_memmap(folder / "features.npy", "w+", np.float32, (n, d))
centres = rng.standard_normal((n_classes, d), dtype=np.float32)
for first in range(0, n, 4096):
    rows = labels[first : first + 4096]
    stored[first : first + 4096] = centres[rows] + 2 * rng.standard_normal((len(rows), d), dtype=np.float32)

def train(rows, tolerance):
    x, _ = training_features.standardized(stored, rows, folder)
    start = prepare_start(x, labels[rows], 0.01, n_classes)
    weights = np.full((len(rows), 1), 1 / len(rows))
    return train_heads(x, labels[rows], weights, 0.01, n_classes=n_classes, start=start, tolerance=tolerance)

train(np.arange(0, n, 64), 1e-2)  # what torch loads on first use
used = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (used + BOUND, used + BOUND))
trained = train(np.arange(n), 1e-8)
assert trained.gap[0] <= 1e-8 * trained.loss[0]
"""


@pytest.mark.services
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mapped memory on Linux")
def test_a_fiftieth_of_imagenet_is_trained_in_a_fiftieth_of_its_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIFTIETH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["features.npy"]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from Linux's /proc")
def test_training_needs_at_most_a_quarter_of_the_features_memory_beside_them() -> None:
    # an allocator that is told to keep freed memory would be measured with it
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert float(result.stdout) <= 0.25
