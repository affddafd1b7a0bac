"""Looks at a checkpoint of Sextant with Python's own safetensors: that it opens, what it says, what is in it.

    pip install safetensors numpy
    python read_checkpoint.py last.safetensors
"""

import json
import sys

import numpy as np
from safetensors import safe_open

with safe_open(sys.argv[1], framework="np") as file:
    texts = file.metadata()
    print("kind:", json.loads(texts["sextant"])["kind"], "| texts:", ", ".join(sorted(texts)))
    for name in sorted(file.keys()):
        tensor = file.get_tensor(name)
        assert np.isfinite(tensor).all(), name
        print(name, tensor.dtype, tensor.shape, f"{np.square(tensor, dtype=np.float64).sum():.6g}")
