"""One training step in JAX: loss, gradients, a limit on their norm and Adam in one compiled function, which may write over
what it is given."""

from functools import partial

import jax
import jax.numpy as jnp

UNTRAINED = (".running_mean", ".running_variance")


def parameters_of(arrays):
    """The trained parameters of a task and the others, by name."""
    trained, others = {}, {}
    for name, array in arrays.items():
        if not name.startswith("input."):
            (others if name.endswith(UNTRAINED) else trained)[name] = jnp.asarray(array)
    return trained, others


def in_parts(gradient, parts):
    """The same from parts of the batch, one after the other."""

    def whole(trained, state, inputs):
        divided = jax.tree.map(lambda x: x.reshape(parts, -1, *x.shape[1:]), inputs)

        def add(total, part):
            (loss, _), gradients = gradient(trained, state, part)
            return jax.tree.map(jnp.add, total, (loss, gradients)), None

        start = (jnp.float32(0), jax.tree.map(jnp.zeros_like, trained))
        loss, gradients = jax.tree.map(lambda x: x / parts, jax.lax.scan(add, start, divided)[0])
        return (loss, state), gradients

    return whole


class Training:
    """Steps of Adam on loss(trained, state, inputs), which gives the loss and the next state.

    parts: the batch goes through in so many parts, whose losses are averaged: for memory, where no state ties samples.
    """

    def __init__(self, settings, trained, state, inputs, loss, parts=1):
        # The step consumes its arguments: they must not share memory with what was read.
        self.state = jax.tree.map(jnp.array, (trained, state, *(jax.tree.map(jnp.zeros_like, trained) for _ in range(2))))
        self.inputs = inputs
        self.count = 0
        gradient = jax.value_and_grad(loss, has_aux=True)
        if parts > 1:
            gradient = in_parts(gradient, parts)
        self.gradients = jax.jit(gradient)
        rate, largest_norm = settings["rate"], settings["largestNorm"]

        @partial(jax.jit, donate_argnums=0)
        def step(everything, count, inputs):
            trained, state, moments, squares = everything
            (loss, state), gradients = gradient(trained, state, inputs)
            norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(gradients)))
            factor = jnp.minimum(1, largest_norm / norm)

            def update(x, m, s, g):
                g = g * factor
                m = 0.9 * m + 0.1 * g
                s = 0.999 * s + 0.001 * g * g
                m_corrected, s_corrected = m / (1 - 0.9**count), s / (1 - 0.999**count)
                return x - rate * m_corrected / (jnp.sqrt(s_corrected) + 1e-8), m, s

            updated = jax.tree.map(update, trained, moments, squares, gradients)
            trained, moments, squares = jax.tree.transpose(
                jax.tree.structure(trained), jax.tree.structure((0, 0, 0)), updated)
            return (trained, state, moments, squares), loss

        self.step = step

    def check(self):
        (loss, _), gradients = self.gradients(*self.state[:2], self.inputs)
        return {"loss": loss, **{"gradient." + name: g for name, g in gradients.items()}}

    def run(self):
        self.count += 1
        self.state, loss = self.step(self.state, jnp.float32(self.count), self.inputs)
        jax.block_until_ready((self.state, loss))
