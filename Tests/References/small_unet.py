"""Two small one-dimensional U-Nets in JAX: forward, gradients and ten Adam steps, for SextantNetworksTests.

    pip install jax
    python small_unet.py common > ../SextantNetworksTests/Fixtures/small_unet_common.json
    python small_unet.py six-level > ../SextantNetworksTests/Fixtures/small_unet_six_level.json

"common" is lucidrains' Unet1D, "six-level" the DDPM of score_sde with convolutions along one dimension, both shrunk to two
levels and a few channels. Channels come second here, as in those programs; weights are given in Sextant's order
(outputs, window, inputs) and turned round. Everything in double precision.
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

CHANNELS, WIDTH, HEADS, HEAD_WIDTH = 2, 4, 2, 3
MULTIPLIERS = (1, 2)
BATCH, VERTICES = 2, 9
RATE, BETA1, BETA2, ADAM_EPSILON, STEPS = 1e-3, 0.9, 0.99, 1e-8, 10


class Network:
    """Looks parameters up by name, or invents them at the first look."""

    def __init__(self, parameters, generator=None):
        self.parameters, self.generator = parameters, generator

    def parameter(self, name, shape, around=0.0, scale=0.3):
        if self.generator is not None and name not in self.parameters:
            self.parameters[name] = np.round(around + scale * self.generator.normal(size=shape), 5)
        assert self.parameters[name].shape == shape, name
        return self.parameters[name]

    def dense(self, name, x, outputs, bias=True):
        """Over the last dimension."""
        y = x @ self.parameter(f"{name}.weight", (outputs, x.shape[-1]), scale=x.shape[-1] ** -0.5).T
        return y + self.parameter(f"{name}.bias", (outputs,)) if bias else y

    def pointwise(self, name, x, outputs, bias=True):
        """A convolution of width 1: B, C, V."""
        return self.dense(name, x.transpose(0, 2, 1), outputs, bias).transpose(0, 2, 1)

    def conv(self, name, x, outputs, kernel, stride=1, padding=None):
        inputs = x.shape[1]
        weight = self.parameter(f"{name}.weight", (outputs, kernel, inputs), scale=(inputs * kernel) ** -0.5)
        padding = padding or ((kernel - 1) // 2, (kernel - 1) // 2)
        y = jax.lax.conv_general_dilated(
            x, jnp.transpose(weight, (0, 2, 1)), (stride,), [padding], dimension_numbers=("NCH", "OIH", "NCH"))
        return y + self.parameter(f"{name}.bias", (outputs,))[None, :, None]

    def rms(self, name, x):
        gain = self.parameter(f"{name}.weight", (x.shape[1],), around=1.0, scale=0.1)
        norm = jnp.sqrt((x**2).sum(axis=1, keepdims=True))
        return x / norm * np.sqrt(x.shape[1]) * gain[None, :, None]

    def group(self, name, x, groups, epsilon):
        gain = self.parameter(f"{name}.weight", (x.shape[1],), around=1.0, scale=0.1)
        bias = self.parameter(f"{name}.bias", (x.shape[1],), scale=0.1)
        y = x.reshape(x.shape[0], groups, -1)
        y = (y - y.mean(axis=2, keepdims=True)) / jnp.sqrt(y.var(axis=2, keepdims=True) + epsilon)
        return y.reshape(x.shape) * gain[None, :, None] + bias[None, :, None]

    def time(self, times, scale, activation):
        half = WIDTH // 2
        angles = times[:, None] * scale * np.exp(-np.log(10000) * np.arange(half) / (half - 1))[None]
        h = self.dense("time.hidden", np.concatenate([np.sin(angles), np.cos(angles)], axis=1), 4 * WIDTH)
        return jax.nn.silu(self.dense("time.last", activation(h), 4 * WIDTH))


def double_rows(x):
    return jnp.repeat(x, 2, axis=2)


def common(net, x, times):
    def block(name, x, time, outputs):
        scale, shift = jnp.split(net.dense(f"{name}.time", time, 2 * outputs), 2, axis=1)
        h = net.rms(f"{name}.norm.0", net.conv(f"{name}.conv.0", x, outputs, 3))
        h = jax.nn.silu(h * (scale + 1)[:, :, None] + shift[:, :, None])
        h = jax.nn.silu(net.rms(f"{name}.norm.1", net.conv(f"{name}.conv.1", h, outputs, 3)))
        return h + (x if x.shape[1] == outputs else net.pointwise(f"{name}.shortcut", x, outputs))

    def attention(name, x, linear):
        batch, channels, count = x.shape
        hidden = HEADS * HEAD_WIDTH
        joint = net.pointwise(f"{name}.attention.to_qkv", net.rms(f"{name}.before", x), 3 * hidden, bias=False)
        q, k, v = (part.reshape(batch, HEADS, HEAD_WIDTH, count) for part in jnp.split(joint, 3, axis=1))
        if linear:
            q = jax.nn.softmax(q, axis=2) * HEAD_WIDTH**-0.5
            context = jnp.einsum("bhdn,bhen->bhde", jax.nn.softmax(k, axis=3), v)
            result = jnp.einsum("bhde,bhdn->bhen", context, q).reshape(batch, hidden, count)
            return x + net.rms(f"{name}.after", net.pointwise(f"{name}.attention.to_out", result, channels))
        similarity = jnp.einsum("bhdi,bhdj->bhij", q * HEAD_WIDTH**-0.5, k)
        result = jnp.einsum("bhij,bhdj->bhdi", jax.nn.softmax(similarity, axis=3), v).reshape(batch, hidden, count)
        return x + net.pointwise(f"{name}.attention.to_out", result, channels)

    time = net.time(times, 1000, lambda h: jax.nn.gelu(h, approximate=False))
    x = net.conv("first", x, WIDTH, 7)
    start, skips = x, []
    widths = [WIDTH] + [WIDTH * m for m in MULTIPLIERS]
    levels = len(MULTIPLIERS)
    for i in range(levels):
        x = block(f"down.{i}.block.0", x, time, widths[i])
        skips.append(x)
        x = attention(f"down.{i}.attention", block(f"down.{i}.block.1", x, time, widths[i]), True)
        skips.append(x)
        if i < levels - 1:
            x = net.conv(f"down.{i}.downsample", x, widths[i + 1], 4, 2, (1, 1))
        else:
            x = net.conv(f"down.{i}.convolution", x, widths[i + 1], 3)
    x = block("middle.block.0", x, time, widths[-1])
    x = attention("middle.attention", x, False)
    x = block("middle.block.1", x, time, widths[-1])
    for i in reversed(range(levels)):
        x = block(f"up.{i}.block.0", jnp.concatenate([x, skips.pop()], axis=1), time, widths[i + 1])
        x = block(f"up.{i}.block.1", jnp.concatenate([x, skips.pop()], axis=1), time, widths[i + 1])
        x = attention(f"up.{i}.attention", x, True)
        x = net.conv(f"up.{i}.convolution", double_rows(x) if i > 0 else x, widths[i], 3)
    x = block("last_block", jnp.concatenate([x, start], axis=1), time, WIDTH)
    return net.pointwise("last", x, CHANNELS)


def six_level(net, x, times):
    def norm(name, x):
        return net.group(name, x, min(32, max(1, x.shape[1] // 4)), 1e-6)

    def block(name, x, time, outputs):
        h = net.conv(f"{name}.conv.0", jax.nn.silu(norm(f"{name}.norm.0", x)), outputs, 3)
        h = h + net.dense(f"{name}.time", time, outputs)[:, :, None]
        h = net.conv(f"{name}.conv.1", jax.nn.silu(norm(f"{name}.norm.1", h)), outputs, 3)
        return h + (x if x.shape[1] == outputs else net.pointwise(f"{name}.shortcut", x, outputs))

    def attention(name, x):
        joint = net.pointwise(f"{name}.attention.to_qkv", norm(f"{name}.norm", x), 3 * x.shape[1])
        q, k, v = jnp.split(joint, 3, axis=1)
        weights = jax.nn.softmax(jnp.einsum("bci,bcj->bij", q, k) * x.shape[1] ** -0.5, axis=2)
        result = jnp.einsum("bij,bcj->bci", weights, v)
        return x + net.pointwise(f"{name}.attention.to_out", result, x.shape[1])

    time = net.time(times, 999, jax.nn.silu)
    x = net.conv("first", x, WIDTH, 3)
    skips = [x]
    levels = len(MULTIPLIERS)
    for i, multiplier in enumerate(MULTIPLIERS):
        x = block(f"down.{i}.block.0", x, time, WIDTH * multiplier)
        if i == 1:
            x = attention(f"down.{i}.attention.0", x)
        skips.append(x)
        if i < levels - 1:
            x = net.conv(f"down.{i}.downsample", x, x.shape[1], 3, 2, (0, 1))
            skips.append(x)
    x = block("middle.block.0", x, time, x.shape[1])
    x = attention("middle.attention", x)
    x = block("middle.block.1", x, time, x.shape[1])
    for i in reversed(range(levels)):
        for j in range(2):
            x = block(f"up.{i}.block.{j}", jnp.concatenate([x, skips.pop()], axis=1), time, WIDTH * MULTIPLIERS[i])
            if i == 1:
                x = attention(f"up.{i}.attention.{j}", x)
        if i > 0:
            x = net.conv(f"up.{i}.upsample", double_rows(x), x.shape[1], 3)
    return net.conv("last", jax.nn.silu(norm("last_norm", x)), CHANNELS, 3)


def main():
    network = {"common": common, "six-level": six_level}[sys.argv[1]]
    generator = np.random.default_rng(2)
    x, target = (np.round(generator.normal(size=(BATCH, VERTICES, CHANNELS)), 6) for _ in range(2))
    times = np.array([0.15, 0.8])
    # One row of zeros at the end makes the number of vertices even.
    padded = np.pad(x, ((0, 0), (0, VERTICES % 2), (0, 0))).transpose(0, 2, 1)
    parameters = {}
    network(Network(parameters, generator), padded, times)

    def loss(parameters):
        output = network(Network(parameters), padded, times)[:, :, :VERTICES].transpose(0, 2, 1)
        return ((output - target) ** 2).mean(), output

    result = {
        "parameters": {name: {"shape": list(v.shape), "values": v.ravel().tolist()} for name, v in parameters.items()},
        "inputs": {
            name: {"shape": list(v.shape), "values": v.ravel().tolist()}
            for name, v in (("x", x), ("target", target), ("times", times))
        },
        "losses": [],
    }
    value_and_gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))
    first = {name: np.zeros_like(v) for name, v in parameters.items()}
    second = {name: np.zeros_like(v) for name, v in parameters.items()}
    for step in range(1, STEPS + 1):
        (value, output), gradients = value_and_gradient(parameters)
        result["losses"].append(float(value))
        if step == 1:
            result["output"] = np.asarray(output).ravel().tolist()
            result["gradients"] = {
                name: [float(f"{g:.8g}") for g in np.asarray(gradient).ravel()] for name, gradient in gradients.items()
            }
        for name, gradient in gradients.items():
            gradient = np.asarray(gradient)
            first[name] = BETA1 * first[name] + (1 - BETA1) * gradient
            second[name] = BETA2 * second[name] + (1 - BETA2) * gradient**2
            moment = first[name] / (1 - BETA1**step)
            square = second[name] / (1 - BETA2**step)
            parameters[name] = parameters[name] - RATE * moment / (np.sqrt(square) + ADAM_EPSILON)
    result["checksums"] = {name: [float(v.sum()), float((v**2).sum())] for name, v in parameters.items()}
    print(json.dumps(result))


main()
