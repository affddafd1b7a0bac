"""Single layers in JAX: the result, and its gradients for a given gradient of the result, compiled as one function."""

import jax
import jax.numpy as jnp
from jax_unet import convolution


class Layer:
    """A layer of x, weight and bias."""

    def __init__(self, layer, arrays):
        self.names = ("x", "weight", "bias")
        self.inputs = [jnp.asarray(arrays["input." + name]) for name in self.names]
        self.seed = jnp.asarray(arrays["input.seed"])

        @jax.jit
        def evaluate(inputs, seed):
            output, pullback = jax.vjp(layer, *inputs)
            return {"output": output, **dict(zip(self.names, pullback(seed)))}

        self.evaluate = evaluate

    def check(self):
        return self.evaluate(self.inputs, self.seed)

    def run(self):
        jax.block_until_ready(self.evaluate(self.inputs, self.seed))


def dense_layer(settings, arrays):
    return Layer(lambda x, weight, bias: x @ weight.T + bias, arrays)


def convolution_layer(settings, arrays):
    return Layer(convolution, arrays)
