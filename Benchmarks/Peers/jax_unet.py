"""The one-dimensional U-Net of lucidrains in JAX, as a score network is trained: channels last."""

import math

import jax
import jax.numpy as jnp
from jax_training import TrainingInParts, parameters_of


def convolution(x, weight, bias, stride=1):
    """B x V x I to B x V' x O with a weight of O x K x I.

    A sum of products of shifted inputs takes as long on processors, and more memory.
    """
    padding = (weight.shape[1] - 1) // 2
    layout = ("NWC", "OWI", "NWC")
    return jax.lax.conv_general_dilated(x, weight, (stride,), [(padding, padding)], dimension_numbers=layout) + bias


def normalisation(x, gain):
    return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + 1e-12) * gain


class UNet:
    """The network over parameters under the names that Sextant gives them."""

    def __init__(self, settings):
        self.settings = settings

    def convolution(self, p, x, path, stride=1):
        return convolution(x, p[path + ".weight"], p[path + ".bias"], stride)

    def dense(self, p, x, path):
        result = x @ p[path + ".weight"].T
        return result + p[path + ".bias"] if path + ".bias" in p else result

    def block(self, p, x, time, path):
        scale, shift = jnp.split(self.dense(p, time, path + ".time")[:, None], 2, -1)
        h = normalisation(self.convolution(p, x, path + ".conv.0"), p[path + ".norm.0.weight"])
        h = self.convolution(p, jax.nn.silu(h * (scale + 1) + shift), path + ".conv.1")
        h = jax.nn.silu(normalisation(h, p[path + ".norm.1.weight"]))
        return h + (self.dense(p, x, path + ".shortcut") if path + ".shortcut.weight" in p else x)

    def attention(self, p, x, path):
        heads, width = self.settings["heads"], self.settings["headWidth"]
        batch, count, _ = x.shape
        joint = self.dense(p, normalisation(x, p[path + ".before.weight"]), path + ".attention.to_qkv")
        q, k, v = (part.reshape(batch, count, heads, width) for part in jnp.split(joint, 3, -1))
        linear = path + ".after.weight" in p
        if linear:
            summary = jnp.einsum("bvhd,bvhe->bhde", jax.nn.softmax(k, 1), v)
            h = jnp.einsum("bvhd,bhde->bvhe", jax.nn.softmax(q, -1) / math.sqrt(width), summary)
        else:
            h = jax.nn.dot_product_attention(q, k, v)
        h = self.dense(p, h.reshape(batch, count, heads * width), path + ".attention.to_out")
        return x + (normalisation(h, p[path + ".after.weight"]) if linear else h)

    def embedding(self, p, times):
        half = self.settings["width"] // 2
        frequencies = jnp.exp(-math.log(10000) * jnp.arange(half) / (half - 1))
        angles = times[:, None] * 1000 * frequencies
        waves = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
        return self.dense(p, jax.nn.gelu(self.dense(p, waves, "time.hidden"), approximate=False), "time.last")

    def __call__(self, p, x, times):
        """B x V x C to B x V x C; V divides by 2 as often as there are levels to step down to."""
        levels = len(self.settings["multipliers"])
        time = jax.nn.silu(self.embedding(p, times))
        h = start = self.convolution(p, x, "first")
        skips = []
        for level in range(levels):
            path = f"down.{level}"
            h = self.block(p, h, time, path + ".block.0")
            skips.append(h)
            h = self.attention(p, self.block(p, h, time, path + ".block.1"), path + ".attention")
            skips.append(h)
            last = level == levels - 1
            h = self.convolution(p, h, path + ".convolution") if last else self.convolution(p, h, path + ".downsample", 2)
        h = self.block(p, h, time, "middle.block.0")
        h = self.block(p, self.attention(p, h, "middle.attention"), time, "middle.block.1")
        for level in reversed(range(levels)):
            path = f"up.{level}"
            h = self.block(p, jnp.concatenate([h, skips.pop()], -1), time, path + ".block.0")
            h = self.block(p, jnp.concatenate([h, skips.pop()], -1), time, path + ".block.1")
            h = self.attention(p, h, path + ".attention")
            if level > 0:
                h = jnp.repeat(h, 2, axis=1)
            h = self.convolution(p, h, path + ".convolution")
        h = self.block(p, jnp.concatenate([h, start], -1), time, "last_block")
        return self.dense(p, h, "last")


def unet_training(settings, arrays):
    """The mean squared error of the predicted noise."""
    network = UNet(settings)

    def loss(trained, inputs):
        x, times, noise = inputs
        return jnp.mean(jnp.square(network(trained, x, times) - noise))

    inputs = tuple(jnp.asarray(arrays["input." + name]) for name in ("x", "times", "noise"))
    return TrainingInParts(settings, parameters_of(arrays)[0], inputs, loss, parts=8)
