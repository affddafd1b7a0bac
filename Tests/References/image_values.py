#!/usr/bin/env python3
"""The pixels of images as Pillow and tifffile read them, for comparison with ours.

    image_values.py FILE...      prints a line for each file: a SHA-256 of its pixels

The hash is over the values as little-endian single precision, rows from the top, bands side by side. Needs NumPy, Pillow and tifffile,
and nothing of Sextant. TIFF is read by tifffile; CIFAR's batches (.bin) are taken apart here; all others are read by Pillow.
"""

import hashlib
import sys

import numpy as np
import tifffile
from PIL import Image


def pixels(path):
    if path.lower().endswith((".tif", ".tiff")):
        return tifffile.imread(path)
    if path.lower().endswith(".bin"):
        records = np.fromfile(path, np.uint8).reshape(-1, 3073)
        return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.asarray(Image.open(path))


for path in sys.argv[1:]:
    print(hashlib.sha256(np.ascontiguousarray(pixels(path), "<f4").tobytes()).hexdigest())
