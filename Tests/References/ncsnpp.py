"""A tiny NCSN++ in NumPy, written from its description (Song and others 2021, and the settings in score_sde), for SextantNetworksTests:
its output for two small images, and the numbers of parameters of two sizes.

    pip install numpy
    python ncsnpp.py ../SextantNetworksTests/Fixtures/small_ncsnpp.json

Parameters are not stored: entry k of the tensor number t, in the alphabetical order of names, is sin(0.7·k + 1.9·t)·0.3, plus 1 for the
weights of normalisations. Convolutions are outputs × 3×3 × inputs.
"""

import json
import sys

import numpy as np


class Parameters(dict):
    """Collects the shapes of the parameters on the first pass, and gives their values on the second."""

    def __init__(self):
        super().__init__()
        self.numbers = None

    def __call__(self, name, *shape):
        self[name] = shape
        return np.zeros(shape) if self.numbers is None else self.numbers[name]

    def fill(self):
        self.numbers = {}
        for t, name in enumerate(sorted(self)):
            count = int(np.prod(self[name]))
            value = 0.3 * np.sin(0.7 * np.arange(count) + 1.9 * t)
            if name.endswith("weight") and "norm" in name:
                value = value + 1
            self.numbers[name] = value.reshape(self[name])

    def size(self):
        return sum(int(np.prod(shape)) for shape in self.values())


def silu(x):
    return x / (1 + np.exp(-x))


def dense(p, name, x, outputs):
    return x @ p(f"{name}.weight", outputs, x.shape[-1]).T + p(f"{name}.bias", outputs)


def convolution(p, name, x, outputs, stride=1, padding=1):
    """x: B × rows × columns × channels."""
    weight = p(f"{name}.weight", outputs, 9, x.shape[-1]).reshape(outputs, 3, 3, -1)
    bias = p(f"{name}.bias", outputs)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (x.shape[1] - 3) // stride + 1, (x.shape[2] - 3) // stride + 1
    out = np.zeros((x.shape[0], rows, columns, outputs)) + bias
    for i in range(3):
        for j in range(3):
            part = x[:, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (columns - 1) + 1 : stride]
            out += part @ weight[:, i, j].T
    return out


def norm(p, name, x, groups):
    channels = x.shape[-1]
    groups = min(channels // 4, groups)
    g = x.reshape(x.shape[0], -1, groups, channels // groups)
    mean, var = g.mean(axis=(1, 3), keepdims=True), g.var(axis=(1, 3), keepdims=True)
    y = ((g - mean) / np.sqrt(var + 1e-6)).reshape(x.shape)
    return y * p(f"{name}.weight", channels) + p(f"{name}.bias", channels)


def filtered(x, up, down, pad, gain):
    """Zeros between the pixels, zeros around, the filter (1, 3, 3, 1) each way, and every down-th result (as upfirdn2d)."""
    kernel = np.array([1.0, 3, 3, 1]) / 8 * gain
    for axis in (1, 2):
        shape = list(x.shape)
        shape[axis] *= up
        spread = np.zeros(shape)
        where = [slice(None)] * 4
        where[axis] = slice(None, None, up)
        spread[tuple(where)] = x
        widths = [(0, 0)] * 4
        widths[axis] = pad
        spread = np.pad(spread, widths)
        count = spread.shape[axis] - 3
        x = sum(kernel[k] * np.take(spread, np.arange(k, k + count), axis=axis) for k in range(4))
        x = np.take(x, np.arange(0, count, down), axis=axis)
    return x


def halved(x):
    return filtered(x, 1, 2, (1, 1), 1)


def doubled(x):
    return filtered(x, 2, 1, (2, 1), 2)


def block(p, name, x, time, outputs, groups, change=None):
    h = silu(norm(p, f"{name}.norm.0", x, groups))
    if change:
        h, x = change(h), change(x)
    h = convolution(p, f"{name}.conv.0", h, outputs) + dense(p, f"{name}.time", silu(time), outputs)[:, None, None]
    h = convolution(p, f"{name}.conv.1", silu(norm(p, f"{name}.norm.1", h, groups)), outputs)
    if change or x.shape[-1] != outputs:
        x = dense(p, f"{name}.shortcut", x, outputs)
    return (x + h) / np.sqrt(2)


def attention(p, name, x, groups):
    b, rows, columns, channels = x.shape
    h = norm(p, f"{name}.norm", x, groups).reshape(b, -1, channels)
    q, k, v = np.split(dense(p, f"{name}.attention.to_qkv", h, 3 * channels), 3, axis=-1)
    scores = np.einsum("bic,bjc->bij", q, k) / np.sqrt(channels)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    h = dense(p, f"{name}.attention.to_out", np.einsum("bij,bjc->bic", weights, v), channels)
    return (x + h.reshape(x.shape)) / np.sqrt(2)


def network(p, x, times, widths, blocks, attention_levels, groups):
    half = widths[0] // 2
    angles = 999 * times[:, None] * np.exp(-np.log(10000) * np.arange(half) / (half - 1))
    time = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    time = dense(p, "time.last", silu(dense(p, "time.hidden", time, 4 * widths[0])), 4 * widths[0])
    channels, pyramid = x.shape[-1], x
    h = convolution(p, "first", x, widths[0])
    skips = [h]
    for i, width in enumerate(widths):
        for j in range(blocks):
            h = block(p, f"down.{i}.block.{j}", h, time, width, groups)
            if i in attention_levels:
                h = attention(p, f"down.{i}.attention.{j}", h, groups)
            skips.append(h)
        if i < len(widths) - 1:
            h = block(p, f"down.{i}.downsample", h, time, width, groups, halved)
            # The filter at full resolution with one more row and column, then the convolution with a stride.
            small = convolution(p, f"down.{i}.pyramid", filtered(pyramid, 1, 1, (2, 2), 1), width, stride=2, padding=0)
            h = pyramid = (small + h) / np.sqrt(2)
            skips.append(h)
    width = widths[-1]
    h = block(p, "middle.block.0", h, time, width, groups)
    h = attention(p, "middle.attention", h, groups)
    h = block(p, "middle.block.1", h, time, width, groups)
    for i in reversed(range(len(widths))):
        for j in range(blocks + 1):
            h = block(p, f"up.{i}.block.{j}", np.concatenate([h, skips.pop()], axis=-1), time, widths[i], groups)
        if i in attention_levels:
            h = attention(p, f"up.{i}.attention", h, groups)
        if i > 0:
            h = block(p, f"up.{i}.upsample", h, time, widths[i], groups, doubled)
    return convolution(p, "last", silu(norm(p, "last_norm", h, groups)), channels)


def parameter_count(channels, widths, blocks, attention_levels):
    p = Parameters()
    network(p, np.zeros((1, 32, 32, channels)), np.zeros(1), widths, blocks, attention_levels, 32)
    return p.size()


rng = np.random.default_rng(1)
x, times = rng.normal(size=(2, 8, 12, 2)), np.array([0.05, 0.7])
small = dict(widths=[8, 16], blocks=1, attention_levels=[1], groups=2)
p = Parameters()
network(p, x, times, **small)
p.fill()
output = network(p, x, times, **small)
numbers = {
    "rows": 8,
    "columns": 12,
    "x": x.flatten().tolist(),
    "times": times.tolist(),
    "output": output.flatten().tolist(),
    "parameterCount": p.size(),
    "presetCount": parameter_count(3, [64, 128, 128, 128], 4, [1]),
}
with open(sys.argv[1], "w") as file:
    json.dump(numbers, file)
print(numbers["parameterCount"], numbers["presetCount"])
