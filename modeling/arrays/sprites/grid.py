"""Pixel grid for shapes and patterns, in pixels from the middle of the image."""

import numpy as np

IMAGE_SIZE = 64
X = np.arange(IMAGE_SIZE, dtype=np.float32)[None, None, :] - np.float32((IMAGE_SIZE - 1) / 2)
Y = X.transpose(0, 2, 1)
