"""The conditional RealNVP in JAX, in the direction of training by samples: z to x."""

from functools import partial

import jax
import jax.numpy as jnp
from coupling_order import orders_before
from jax_training import Training, parameters_of
from plain_form import joined, separated


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def reorder(x, order):
    """Columns in another order. The gradient of a gather is a scatter, which runs on one thread."""
    return jnp.take(x, order.indices, axis=1, unique_indices=True, mode="clip")


def reorder_forward(x, order):
    return reorder(x, order), None


def reorder_backward(order, _, gradient):
    return (jnp.take(gradient, order.inverse, axis=1, unique_indices=True, mode="clip"),)


reorder.defvjp(reorder_forward, reorder_backward)


class Order:
    """A permutation and the one that undoes it; compared by identity, as the compiler's constants are."""

    def __init__(self, indices):
        self.indices = indices
        self.inverse = indices.argsort()


class Flow:
    """The flow over the parameters of Sextant, under their names, or over those of the plain form."""

    def __init__(self, settings):
        self.settings = settings
        orders = orders_before(settings["dimension"], settings["steps"], settings["restoresOrder"])
        self.orders = [None if order is None else Order(order) for order in orders]
        self.paths = [f"step.{step + 1}.coupling.{half + 1}" for step in range(settings["steps"]) for half in range(2)]

    def hidden(self, x, p, state, path, training, updated):
        settings = self.settings
        x = jax.nn.leaky_relu(x, settings["negativeSlope"])
        if not settings["normalisesBatches"]:
            return x
        path += ".normalisation"
        names = (path + ".running_mean", path + ".running_variance")
        if training:
            statistics = x.mean(0), x.var(0)
            momentum = settings["batchMomentum"]
            for name, new in zip(names, statistics):
                updated[name] = momentum * state[name] + (1 - momentum) * jax.lax.stop_gradient(new)
        else:
            statistics = [state[name] for name in names]
        mean, variance = statistics
        return (x - mean) * (jax.lax.rsqrt(variance + settings["batchEpsilon"]) * p[path + ".gain"]) + p[path + ".bias"]

    def __call__(self, p, state, z, y, training):
        """x, log|det dx/dz| of each row, and the running statistics after it."""
        settings, updated = self.settings, {}
        dimension = settings["dimension"]
        read_count = dimension // 2
        changed_count = dimension - read_count
        width = settings["hiddenWidth"]
        is_plain = settings["isPlain"]
        condition = y @ p["condition.weight"].T if "condition.weight" in p else None
        if is_plain:
            y = jnp.broadcast_to(y, (len(z), y.shape[1]))
        points, determinant = z, 0
        for index in reversed(range(len(self.paths))):
            path, order = self.paths[index], self.orders[index]
            points = jnp.flip(points, 1) if order is None else reorder(points, order)
            read, rest = points[:, :read_count], points[:, read_count:]
            entries = jnp.concatenate([read, y], 1) if is_plain else read
            hidden = entries @ p[path + ".first.weight"].T + p[path + ".first.bias"]
            if condition is not None:
                hidden = hidden + condition[:, index * width : (index + 1) * width]
            hidden = self.hidden(hidden, p, state, path + ".first", training, updated)
            hidden = hidden @ p[path + ".second.weight"].T + p[path + ".second.bias"]
            hidden = self.hidden(hidden, p, state, path + ".second", training, updated)
            output = hidden @ p[path + ".output.weight"].T + p[path + ".output.bias"]
            output = output * jnp.exp(settings["outputScaleFactor"] * p[path + ".output.log_scale"])
            bound = settings["logScaleBound"]
            log_scale = bound * jnp.tanh(output[:, :changed_count] / bound)
            points = jnp.concatenate([read, rest * jnp.exp(-log_scale) - output[:, changed_count:]], 1)
            determinant = determinant - log_scale.sum(1)
            if path + ".shift" in p:
                log_scale = p[path + ".log_scale"]
                activation_bound = settings.get("activationLogScaleBound")
                if activation_bound is not None:
                    log_scale = activation_bound * jnp.tanh(log_scale / activation_bound)
                points = points * jnp.exp(log_scale) - p[path + ".shift"]
                determinant = determinant + dimension * log_scale
        return points, determinant, {**state, **updated}


class PlainTraining(Training):
    """Gradients are compared under Sextant's names."""

    def __init__(self, settings, *problem):
        super().__init__(settings, *problem)
        self.settings = settings

    def check(self):
        return separated(self.settings, super().check())


def flow_training(settings, arrays):
    """fidelity - mean log|det|, with the fidelity of independent noise."""
    if settings["isPlain"]:
        arrays = joined(settings, arrays)
    flow = Flow(settings)
    precision = settings["precision"]

    def loss(trained, state, inputs):
        x, determinant, state = flow(trained, state, inputs["z"], inputs["y"], True)
        data = 0.5 * precision * jnp.square(inputs["values"] - x).sum()
        return (data - determinant.sum()) / len(x), state

    inputs = {name: jnp.asarray(arrays["input." + name]) for name in ("z", "y", "values")}
    return (PlainTraining if settings["isPlain"] else Training)(settings, *parameters_of(arrays), inputs, loss)


class FlowSampling:
    """Samples x of one measurement."""

    def __init__(self, settings, arrays):
        if settings["isPlain"]:
            arrays = joined(settings, arrays)
        flow = Flow(settings)
        self.parameters = parameters_of(arrays)
        self.inputs = [jnp.asarray(arrays["input." + name]) for name in ("z", "y")]
        self.sample = jax.jit(lambda parameters, z, y: flow(*parameters, z, y, False)[0])

    def check(self):
        return {"samples": self.sample(self.parameters, *self.inputs)}

    def run(self):
        self.sample(self.parameters, *self.inputs).block_until_ready()
