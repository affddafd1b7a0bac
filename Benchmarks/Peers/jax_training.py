"""One training step in JAX: loss, gradients, a limit on their norm and Adam in one compiled function, which may overwrite
its inputs."""

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


def adam(everything, state, gradients, settings, count):
    """Parameters, state and moments after a step of Adam with a limit on the gradient's norm."""
    trained, _, moments, squares = everything
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(gradients)))
    factor = jnp.minimum(1, settings["largestNorm"] / norm)

    def update(x, m, s, g):
        g = g * factor
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g * g
        m_corrected, s_corrected = m / (1 - 0.9**count), s / (1 - 0.999**count)
        return x - settings["rate"] * m_corrected / (jnp.sqrt(s_corrected) + 1e-8), m, s

    updated = jax.tree.map(update, trained, moments, squares, gradients)
    trained, moments, squares = jax.tree.transpose(
        jax.tree.structure(trained), jax.tree.structure((0, 0, 0)), updated)
    return trained, state, moments, squares


class Training:
    """Steps of Adam on loss(trained, state, inputs), which gives the loss and the next state."""

    def __init__(self, settings, trained, state, inputs, loss):
        # The step consumes its arguments: they must not share memory with what was read.
        self.everything = jax.tree.map(
            jnp.array, (trained, state, *(jax.tree.map(jnp.zeros_like, trained) for _ in range(2))))
        self.inputs = inputs
        self.count = 0
        gradient = jax.value_and_grad(loss, has_aux=True)
        self.gradients = jax.jit(gradient)

        @partial(jax.jit, donate_argnums=0)
        def step(everything, count, inputs):
            (loss, state), gradients = gradient(*everything[:2], inputs)
            return adam(everything, state, gradients, settings, count), loss

        self.step = step

    def check(self):
        (loss, _), gradients = self.gradients(*self.everything[:2], self.inputs)
        return {"loss": loss, **{"gradient." + name: g for name, g in gradients.items()}}

    def run(self):
        self.count += 1
        self.everything, loss = self.step(self.everything, jnp.float32(self.count), self.inputs)
        jax.block_until_ready((self.everything, loss))


class TrainingInParts:
    """The same for a loss without a state that is a mean over samples: the batch goes through in parts, whose gradients are
    added up in place. As fast where a part keeps the processor busy, and it takes a part's memory."""

    def __init__(self, settings, trained, inputs, loss, parts):
        zeros = jax.tree.map(jnp.zeros_like, trained)
        self.everything = jax.tree.map(jnp.array, (trained, {}, zeros, zeros))
        divided = jax.tree.map(lambda x: x.reshape(parts, -1, *x.shape[1:]), inputs)
        self.inputs = [jax.tree.map(lambda x: x[part], divided) for part in range(parts)]
        self.count = 0
        gradient = jax.value_and_grad(loss)

        @partial(jax.jit, donate_argnums=0)
        def add(total, trained, inputs):
            return jax.tree.map(lambda a, b: a + b / parts, total, gradient(trained, inputs))

        @partial(jax.jit, donate_argnums=0)
        def update(everything, gradients, count):
            return adam(everything, {}, gradients, settings, count)

        self.add, self.update = add, update

    def gradients(self):
        total = jnp.float32(0), jax.tree.map(jnp.zeros_like, self.everything[0])
        for inputs in self.inputs:
            total = self.add(total, self.everything[0], inputs)
        return total

    def check(self):
        loss, gradients = self.gradients()
        return {"loss": loss, **{"gradient." + name: g for name, g in gradients.items()}}

    def run(self):
        self.count += 1
        _, gradients = self.gradients()
        self.everything = self.update(self.everything, gradients, jnp.float32(self.count))
        jax.block_until_ready(self.everything)
