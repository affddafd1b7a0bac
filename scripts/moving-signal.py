"""A signal that moves over a mesh: archive.npy (240 fields of twelve films) and film.npy (60 steps of another), N×V, for the row of
docs/series.md. Three warm spots of different sizes drift over the surface and fade in and out, over a slow wave.
Run: python3 scripts/moving-signal.py MESH.ply FOLDER   (ASCII PLY; needs NumPy)
"""
import pathlib
import sys

import numpy as np


def vertices(path):
    lines = pathlib.Path(path).read_text().splitlines()
    count = next(int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    first = lines.index("end_header") + 1
    return np.array([[float(word) for word in line.split()[:3]] for line in lines[first : first + count]])


def film(x, steps, rng):
    """Steps×V: each spot follows a smooth path inside the box of the mesh, and warms the vertices near to it."""
    time = np.arange(steps)
    result = 0.5 * np.sin(2 * x @ rng.standard_normal(3) + 0.03 * time[:, None] + rng.uniform(0, 6))
    for size in (0.25, 0.4, 0.6):
        phase, speed = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.02, 0.06, 3)
        centre = 0.9 * np.sin(phase + speed * time[:, None])
        strength = 1 + np.sin(rng.uniform(0, 6) + 0.08 * time)
        distance = ((x[None] - centre[:, None]) ** 2).sum(-1)
        result = result + strength[:, None] * np.exp(-distance / (2 * size**2))
    return result.astype(np.float32)


x = vertices(sys.argv[1])
low, high = x.min(0), x.max(0)
x = (x - (low + high) / 2) / ((high - low).max() / 2)
folder, rng = pathlib.Path(sys.argv[2]), np.random.default_rng(1)
folder.mkdir(parents=True, exist_ok=True)
np.save(folder / "archive.npy", np.concatenate([film(x, 60, rng)[::3] for _ in range(12)]))
np.save(folder / "film.npy", film(x, 60, rng))
