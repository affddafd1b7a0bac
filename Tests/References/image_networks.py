"""LPIPS (AlexNet) and the features of Inception v3 in NumPy, written from the published descriptions, with few channels and weights that
are a formula, and the Fréchet distance by SciPy, for SextantEvaluationTests.

    pip install numpy scipy
    python image_networks.py ../SextantEvaluationTests/Fixtures/image_networks.json

Entry k of the weight with number t, in the alphabetical order of names, is sin(0.7·k + 1.9·t) / √(number of inputs of an output); biases
are 0.3 and the means of normalisations 0 plus 0.1 times the sine, and variances, gains and the weights of LPIPS's last layers 1 + 0.5
times it.
"""

import json
import sys

import numpy as np
from scipy.linalg import sqrtm


def fill(shapes):
    weights = {}
    for t, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        wave = np.sin(0.7 * np.arange(int(np.prod(shape))) + 1.9 * t).reshape(shape)
        if name.startswith("lin") or name.endswith(("bn.weight", "running_var")):
            weights[name] = 1 + 0.5 * wave
        elif len(shape) == 4:
            weights[name] = wave / np.sqrt(np.prod(shape[1:]))
        elif name.endswith("bias"):
            weights[name] = 0.3 + 0.1 * wave
        else:
            weights[name] = 0.1 * wave
    return weights


class Weights:
    """Collects shapes on the first pass, gives numbers on the second."""

    def __init__(self):
        self.shapes, self.numbers = {}, None

    def __call__(self, name, *shape):
        self.shapes[name] = shape
        return np.ones(shape) if self.numbers is None else self.numbers[name]


def windows(x, height, width, stride, down, across, value):
    """x: C × rows × columns → C × places × places × height × width."""
    x = np.pad(x, ((0, 0), (down, down), (across, across)), constant_values=value)
    view = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
    return view[:, ::stride, ::stride]


def convolution(x, weight, bias, stride=1, down=0, across=0):
    view = windows(x, weight.shape[2], weight.shape[3], stride, down, across, 0)
    return np.einsum("cyxij,ocij->oyx", view, weight, optimize=True) + bias[:, None, None]


def relu(x):
    return np.maximum(x, 0)


def max_pool(x, stride, padding=0):
    return windows(x, 3, 3, stride, padding, padding, -np.inf).max(axis=(3, 4))


def mean_pool(x):
    return np.nanmean(windows(x, 3, 3, 1, 1, 1, np.nan), axis=(3, 4))


def lpips(w, one, other, widths):
    shift, scale = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    layers = [(0, 11, 4, 2), (3, 5, 1, 2), (6, 3, 1, 1), (8, 3, 1, 1), (10, 3, 1, 1)]

    def features(image):
        x = ((2 * image - 1 - shift) / scale).transpose(2, 0, 1)
        result = []
        for place, (index, kernel, stride, padding) in enumerate(layers):
            if place in (1, 2):
                x = max_pool(x, 2)
            weight = w(f"features.{index}.weight", widths[place], x.shape[0], kernel, kernel)
            x = relu(convolution(x, weight, w(f"features.{index}.bias", widths[place]), stride, padding, padding))
            result.append(x / (np.sqrt((x**2).sum(axis=0, keepdims=True)) + 1e-10))
        return result

    total = 0
    for place, (a, b) in enumerate(zip(features(one), features(other))):
        weight = w(f"lin{place}.model.1.weight", 1, widths[place], 1, 1).reshape(-1, 1, 1)
        total += ((a - b) ** 2 * weight).sum(axis=0).mean()
    return total


def resize(image, size):
    """Linear, between the centres of pixels."""
    for axis in (0, 1):
        count = image.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, None)
        first = np.minimum(np.floor(at).astype(int), count - 1)
        share = (at - first).reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
        low, high = np.take(image, first, axis), np.take(image, np.minimum(first + 1, count - 1), axis)
        image = low * (1 - share) + high * share
    return image


def inception(w, image, width):
    def layer(x, name, height=1, across=None, stride=1, padding=(0, 0)):
        across = height if across is None else across
        weight = w(f"{name}.conv.weight", width, x.shape[0], height, across)
        x = convolution(x, weight, np.zeros(width), stride, *padding)
        gain, bias, mean, var = (w(f"{name}.bn.{part}", width) for part in ("weight", "bias", "running_mean", "running_var"))
        gain = gain / np.sqrt(var + 0.001)
        return relu(x * gain[:, None, None] + (bias - mean * gain)[:, None, None])

    def row(x, name):
        return layer(x, name, 1, 7, padding=(0, 3))

    def column(x, name):
        return layer(x, name, 7, 1, padding=(3, 0))

    def same(x, name):
        return layer(x, name, 3, padding=(1, 1))

    def join(*parts):
        return np.concatenate(parts)

    x = (2 * resize(image, 299) - 1).transpose(2, 0, 1)
    x = layer(x, "Conv2d_1a_3x3", 3, stride=2)
    x = same(layer(x, "Conv2d_2a_3x3", 3), "Conv2d_2b_3x3")
    x = max_pool(x, 2)
    x = layer(layer(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", 3)
    x = max_pool(x, 2)
    for m in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        x = join(
            layer(x, f"{m}.branch1x1"),
            layer(layer(x, f"{m}.branch5x5_1"), f"{m}.branch5x5_2", 5, padding=(2, 2)),
            same(same(layer(x, f"{m}.branch3x3dbl_1"), f"{m}.branch3x3dbl_2"), f"{m}.branch3x3dbl_3"),
            layer(mean_pool(x), f"{m}.branch_pool"),
        )
    m = "Mixed_6a"
    x = join(
        layer(x, f"{m}.branch3x3", 3, stride=2),
        layer(same(layer(x, f"{m}.branch3x3dbl_1"), f"{m}.branch3x3dbl_2"), f"{m}.branch3x3dbl_3", 3, stride=2),
        max_pool(x, 2),
    )
    for m in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        d = f"{m}.branch7x7dbl"
        x = join(
            layer(x, f"{m}.branch1x1"),
            column(row(layer(x, f"{m}.branch7x7_1"), f"{m}.branch7x7_2"), f"{m}.branch7x7_3"),
            row(column(row(column(layer(x, f"{d}_1"), f"{d}_2"), f"{d}_3"), f"{d}_4"), f"{d}_5"),
            layer(mean_pool(x), f"{m}.branch_pool"),
        )
    m = "Mixed_7a"
    x = join(
        layer(layer(x, f"{m}.branch3x3_1"), f"{m}.branch3x3_2", 3, stride=2),
        layer(
            column(row(layer(x, f"{m}.branch7x7x3_1"), f"{m}.branch7x7x3_2"), f"{m}.branch7x7x3_3"),
            f"{m}.branch7x7x3_4", 3, stride=2,
        ),
        max_pool(x, 2),
    )
    for m in ("Mixed_7b", "Mixed_7c"):
        a = layer(x, f"{m}.branch3x3_1")
        b = same(layer(x, f"{m}.branch3x3dbl_1"), f"{m}.branch3x3dbl_2")
        pooled = mean_pool(x) if m == "Mixed_7b" else max_pool(x, 1, 1)
        x = join(
            layer(x, f"{m}.branch1x1"),
            layer(a, f"{m}.branch3x3_2a", 1, 3, padding=(0, 1)),
            layer(a, f"{m}.branch3x3_2b", 3, 1, padding=(1, 0)),
            layer(b, f"{m}.branch3x3dbl_3a", 1, 3, padding=(0, 1)),
            layer(b, f"{m}.branch3x3dbl_3b", 3, 1, padding=(1, 0)),
            layer(pooled, f"{m}.branch_pool"),
        )
    return x.mean(axis=(1, 2))


def frechet(a, b):
    m1, m2, c1, c2 = a.mean(axis=0), b.mean(axis=0), np.cov(a.T), np.cov(b.T)
    return float(((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real))


rng = np.random.default_rng(1)
# Single precision, as the numbers are read.
one, other = (rng.uniform(size=(33, 40, 3)).astype(np.float32).astype(float) for _ in range(2))
widths = [4, 3, 5, 4, 2]
w = Weights()
lpips(w, one, other, widths)
w.numbers = fill(w.shapes)
distance = lpips(w, one, other, widths)
v = Weights()
inception(v, one, 2)
v.numbers = fill(v.shapes)
features = inception(v, one, 2)
a, b = rng.normal(size=(20, 6)) @ rng.normal(size=(6, 6)), 0.5 + rng.normal(size=(9, 6)) @ rng.normal(size=(6, 6))
numbers = {
    "rows": 33,
    "columns": 40,
    "one": np.round(one, 9).flatten().tolist(),
    "other": np.round(other, 9).flatten().tolist(),
    "lpipsShapes": w.shapes,
    "lpips": distance,
    "inceptionShapes": v.shapes,
    "features": features.tolist(),
    "a": a.tolist(),
    "b": b.tolist(),
    "frechet": frechet(a, b),
}
with open(sys.argv[1], "w") as file:
    json.dump(numbers, file)
print(distance, features, numbers["frechet"])
