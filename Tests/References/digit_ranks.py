#!/usr/bin/env python3
"""How often the truth lies in the central 90 % of ranks, where grey values that the images do not tell apart are ties.

A digit's background is exactly 0, and a sample of 0.0005 there is no error that an image of 256 grey levels could show; but
by rank the truth then lies below it. Both are therefore counted in whole steps of the images, too, and ties are broken at random.

    digit_ranks.py truth MESH.ply IMAGES.gz COUNT truth.npy     projects COUNT images, evenly spread, on a mesh (ASCII PLY)
    digit_ranks.py ranks truth.npy SAMPLES.npy                  prints the shares; SAMPLES of `sextant impute`, N x S x V

Needs NumPy only, and nothing of Sextant: the projection is implemented again from docs/mathematics.md, "Test sets".
"""

import gzip
import sys

import numpy as np


def project(mesh, images, count):
    """Fields (count x V) of 28 x 28 images, bilinear between pixels' centres, on the square about the mesh's x-y box."""
    text = open(mesh, encoding="ascii").read()
    header, body = text.split("end_header\n")
    vertices = next(int(line.split()[2]) for line in header.splitlines() if line.startswith("element vertex"))
    positions = np.array([line.split()[:2] for line in body.splitlines()[:vertices]], float)
    low, high = positions.min(0), positions.max(0)
    side = (high - low).max()
    place = (positions - (low + high) / 2 + side / 2) / side
    right, down = place[:, 0] * 27, (1 - place[:, 1]) * 27
    column, row = np.clip(right.astype(int), 0, 26), np.clip(down.astype(int), 0, 26)
    a, b = (right - column).astype(np.float32), (down - row).astype(np.float32)
    pixels = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 28, 28)
    chosen = [i * (len(pixels) - 1) // (count - 1) for i in range(count)]
    x = pixels[chosen].astype(np.float32) / 255
    above = x[:, row, column] * (1 - a) + x[:, row, column + 1] * a
    below = x[:, row + 1, column] * (1 - a) + x[:, row + 1, column + 1] * a
    return (above * (1 - b) + below * b).astype(np.float32)


def central(truth, samples, random, share=0.9):
    """Of each truth (N x V) the part of its rank among samples (N x S x V) within the central share, and below it."""
    ties = (samples == truth[:, None]).sum(1)
    rank = (samples < truth[:, None]).sum(1) + np.floor(random.random(truth.shape) * (ties + 1)).astype(int)
    ranks = samples.shape[1] + 1
    edge = (1 - share) / 2 * ranks
    inside = np.clip(np.minimum(ranks - edge, rank + 1) - np.maximum(edge, rank), 0, 1)
    return inside, np.clip(edge - rank, 0, 1)


def report(truth, samples):
    random = np.random.default_rng(1)
    error = ((samples.mean(1) - truth) ** 2).mean(1)
    print(f"{len(truth)} fields, {samples.shape[1]} samples, mean of them {np.mean(-10 * np.log10(error)):.2f} dB, ", end="")
    print(f"{(truth == 0).mean():.1%} of the truth is 0")
    for name, step in (("as they are", None), ("in steps of 1/255", 1 / 255), ("in steps of 2/255", 2 / 255)):
        t, s = (truth, samples) if step is None else (np.round(truth / step), np.round(samples / step))
        inside, below = central(t, s, random)
        fields = inside.mean(1)
        deviation = fields.std(ddof=1) / len(fields) ** 0.5
        print(f"values {name}: {fields.mean():.4f} ± {deviation:.4f}; truth below {below.mean():.4f}, ", end="")
        print(f"above {(1 - inside - below).mean():.4f}; where the truth is above 0: {inside[truth > 0].mean():.4f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["truth"] and len(sys.argv) == 6:
        np.save(sys.argv[5], project(sys.argv[2], sys.argv[3], int(sys.argv[4]))[:, :, None])
    elif sys.argv[1:2] == ["ranks"] and len(sys.argv) == 4:
        truth = np.load(sys.argv[2])[:, :, 0]
        report(truth, np.load(sys.argv[3]).reshape(len(truth), -1, truth.shape[1]))
    else:
        sys.exit(__doc__)
