"""Blurs and reductions of a small image by SciPy and Pillow, and a sparse matrix in SciPy's and Matrix Market's files.

Writes Tests/SextantMeasurementTests/Fixtures/image_operators.json. Needs numpy, scipy and pillow.
"""

import json
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

root = pathlib.Path(__file__).resolve().parents[1] / "SextantMeasurementTests" / "Fixtures"
root.mkdir(parents=True, exist_ok=True)
rows, columns = 12, 16
image = np.random.default_rng(3).uniform(0, 1, (rows, columns)).astype(np.float32)


def gaussian(size, sigma):
    line = np.exp(-np.arange(-(size // 2), size // 2 + 1) ** 2 / (2 * sigma**2))
    kernel = np.outer(line, line)
    return kernel / kernel.sum()


uneven = np.array([[1, 2, 0], [0, 4, 1], [3, 0, 0]], float)
results = {}
for name, kernel in [("gaussian,sigma=1.5,size=3", gaussian(3, 1.5)), ("box,size=5", np.full((5, 5), 1 / 25)),
                     ("file=uneven.txt", uneven / uneven.sum())]:
    # ndimage's "reflect" repeats the outermost pixels; "wrap" is periodic.
    results[f"blur:{name},boundary=reflect"] = ndimage.convolve(image.astype(float), kernel, mode="reflect")
    results[f"blur:{name},boundary=periodic"] = ndimage.convolve(image.astype(float), kernel, mode="wrap")
for factor in (2, 4):
    results[f"reduce:{factor},filter=area"] = image.astype(float).reshape(
        rows // factor, factor, columns // factor, factor).mean((1, 3))
# Pillow cuts its kernel off at the frame: only the outputs that lie within it are compared.
small = np.asarray(Image.fromarray(image, "F").resize((columns // 2, rows // 2), Image.BICUBIC))
results["reduce:2,filter=bicubic"] = small
json.dump(
    {"rows": rows, "columns": columns, "image": image.ravel().tolist(), "uneven": uneven.ravel().tolist(),
     "results": {name: np.asarray(values, float).ravel().tolist() for name, values in results.items()}},
    open(root / "image_operators.json", "w"))
