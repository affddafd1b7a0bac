"""The U-Net over neighbourhoods in JAX: B x V x C, neighbours gathered into rows, one product for all."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax_training import Training, parameters_of
from neighbour_tables import group_count, levels_of


def with_zeros(x):
    return jnp.pad(x, ((0, 0), (0, 1), (0, 0)))


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def gather(x, table):
    """Rows of B x V x C by a table. The gradient of a gather is a scatter, which runs on one thread."""
    return jnp.take(with_zeros(x), table.forward, axis=1, mode="clip")


def gather_forward(x, table):
    return gather(x, table), None


def gather_backward(table, _, gradient):
    places = jnp.take(with_zeros(gradient), table.backward.reshape(-1), axis=1, mode="clip")
    return (places.reshape(len(gradient), *table.backward.shape, -1).sum(2),)


gather.defvjp(gather_forward, gather_backward)


class UNet:
    """The network over parameters under the names that Sextant gives them."""

    def __init__(self, settings):
        self.settings = settings
        self.levels = levels_of(settings)

    def convolution(self, p, x, table, path):
        weight = p[path + ".weight"]
        rows = gather(x, table).reshape(len(x), -1, weight.shape[1] * weight.shape[2])
        return rows @ weight.reshape(len(weight), -1).T + p[path + ".bias"]

    def normalisation(self, p, x, path):
        batch, count, channels = x.shape
        grouped = x.reshape(batch, count, group_count(channels), -1)
        mean = grouped.mean((1, 3), keepdims=True)
        variance = grouped.var((1, 3), keepdims=True)
        result = ((grouped - mean) * jax.lax.rsqrt(variance + 1e-5)).reshape(x.shape)
        return result * p[path + ".weight"] + p[path + ".bias"]

    def dense(self, p, x, path):
        return x @ p[path + ".weight"].T + p[path + ".bias"]

    def block(self, p, x, time, table, path):
        h = self.convolution(p, jax.nn.silu(self.normalisation(p, x, path + ".norm.0")), table, path + ".conv.0")
        if time is not None:
            h = h + self.dense(p, time, path + ".time")[:, None]
        h = self.convolution(p, jax.nn.silu(self.normalisation(p, h, path + ".norm.1")), table, path + ".conv.1")
        return h + (x @ p[path + ".shortcut.weight"].T if path + ".shortcut.weight" in p else x)

    def embedding(self, p, times):
        half = self.settings["widths"][0] // 2
        frequencies = jnp.exp(-math.log(10000) * jnp.arange(half) / (half - 1))
        angles = times[:, None] * 1000 * frequencies
        waves = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
        return jax.nn.silu(self.dense(p, jax.nn.silu(self.dense(p, waves, "time.hidden")), "time.last"))

    def __call__(self, p, x, times):
        blocks = range(self.settings["blocksPerLevel"])
        time = self.embedding(p, times) if self.settings["usesTime"] else None
        h = self.convolution(p, x, self.levels[0].stencil, "first")
        skips = []
        for index, level in enumerate(self.levels):
            for block in blocks:
                h = self.block(p, h, time, level.stencil, f"down.{index}.{block}")
            if level.down is not None:
                skips.append(h)
                h = self.convolution(p, h, level.down, f"down.{index}.step")
        for index in reversed(range(len(self.levels) - 1)):
            level = self.levels[index]
            h = self.convolution(p, h, self.levels[index + 1].stencil, f"up.{index}.step")
            h = jnp.concatenate([gather(h, level.up), skips[index]], 2)
            for block in blocks:
                h = self.block(p, h, time, level.stencil, f"up.{index}.{block}")
        h = jax.nn.silu(self.normalisation(p, h, "last.norm"))
        return self.convolution(p, h, self.levels[0].stencil, "last")


def stencil_training(settings, arrays):
    """The mean squared error of the output."""
    network = UNet(settings)

    def loss(trained, state, inputs):
        x, times, target = inputs
        return jnp.mean(jnp.square(network(trained, x, times) - target)), state

    inputs = tuple(jnp.asarray(arrays["input." + name]) for name in ("x", "times", "target"))
    return Training(settings, *parameters_of(arrays), inputs, loss)
