"""A small conditional flow in JAX: forward, gradients and ten Adam steps, for SextantNetworksTests.

    pip install jax
    python small_flow.py > ../SextantNetworksTests/Fixtures/small_flow.json

Two affine couplings of six entries under a condition of four, each steered by dense, leaky ReLU, batch normalisation,
twice, and a last dense layer; the entries are reversed after each. Everything in double precision.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

BATCH, SIZE, CONDITION, WIDTH = 8, 6, 4, 7
EPSILON, MOMENTUM, SLOPE = 1e-2, 0.9, 0.01
RATE, BETA1, BETA2, ADAM_EPSILON, STEPS = 1e-2, 0.9, 0.999, 1e-8, 10


def make_parameters(generator):
    parameters = {}
    for coupling in range(2):
        sizes = [SIZE // 2 + CONDITION, WIDTH, WIDTH, SIZE]
        for layer in range(3):
            name = f"coupling.{coupling}.dense.{layer}"
            parameters[f"{name}.weight"] = generator.normal(size=(sizes[layer + 1], sizes[layer])) * 0.4
            parameters[f"{name}.bias"] = generator.normal(size=sizes[layer + 1]) * 0.1
        for layer in range(2):
            name = f"coupling.{coupling}.norm.{layer}"
            parameters[f"{name}.weight"] = 1 + generator.normal(size=WIDTH) * 0.1
            parameters[f"{name}.bias"] = generator.normal(size=WIDTH) * 0.1
    return {name: np.round(value, 6) for name, value in parameters.items()}


def forward(parameters, z, condition):
    """The sample, the log-determinant, and the statistics of every batch normalisation."""
    statistics = {}
    x, log_determinant = z, 0.0
    for coupling in range(2):
        kept, changed = x[:, : SIZE // 2], x[:, SIZE // 2 :]
        h = jnp.concatenate([kept, condition], axis=1)
        for layer in range(3):
            name = f"coupling.{coupling}.dense.{layer}"
            h = h @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]
            if layer == 2:
                break
            h = jnp.where(h > 0, h, SLOPE * h)
            name = f"coupling.{coupling}.norm.{layer}"
            mean, variance = h.mean(axis=0), h.var(axis=0)
            statistics[name] = (mean, variance)
            h = (h - mean) / jnp.sqrt(variance + EPSILON) * parameters[f"{name}.weight"] + parameters[f"{name}.bias"]
        log_scale, shift = jnp.tanh(h[:, : SIZE // 2]), h[:, SIZE // 2 :]
        changed = (changed + shift) * jnp.exp(log_scale)
        log_determinant = log_determinant + log_scale.sum(axis=1)
        x = jnp.concatenate([kept, changed], axis=1)[:, ::-1]
    return x, log_determinant, statistics


def loss(parameters, z, condition, target):
    x, log_determinant, statistics = forward(parameters, z, condition)
    return jnp.mean(0.5 * ((x - target) ** 2).sum(axis=1) - log_determinant), (x, statistics)


def main():
    generator = np.random.default_rng(1)
    parameters = make_parameters(generator)
    z, condition, target = (np.round(generator.normal(size=(BATCH, n)), 6) for n in (SIZE, CONDITION, SIZE))
    result = {
        "parameters": {name: {"shape": list(v.shape), "values": v.ravel().tolist()} for name, v in parameters.items()},
        "inputs": {
            name: {"shape": list(v.shape), "values": v.ravel().tolist()}
            for name, v in (("z", z), ("condition", condition), ("target", target))
        },
        "losses": [],
    }
    value_and_gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))
    first = {name: np.zeros_like(v) for name, v in parameters.items()}
    second = {name: np.zeros_like(v) for name, v in parameters.items()}
    running = {}
    for step in range(1, STEPS + 1):
        (value, (x, statistics)), gradients = value_and_gradient(parameters, z, condition, target)
        result["losses"].append(float(value))
        if step == 1:
            result["output"] = np.asarray(x).ravel().tolist()
            result["gradients"] = {name: np.asarray(g).ravel().tolist() for name, g in gradients.items()}
        for name, (mean, variance) in statistics.items():
            old = running.get(name, (np.zeros(WIDTH), np.ones(WIDTH)))
            running[name] = tuple(MOMENTUM * a + (1 - MOMENTUM) * np.asarray(b) for a, b in zip(old, (mean, variance)))
        for name, gradient in gradients.items():
            gradient = np.asarray(gradient)
            first[name] = BETA1 * first[name] + (1 - BETA1) * gradient
            second[name] = BETA2 * second[name] + (1 - BETA2) * gradient**2
            moment = first[name] / (1 - BETA1**step)
            square = second[name] / (1 - BETA2**step)
            parameters[name] = parameters[name] - RATE * moment / (np.sqrt(square) + ADAM_EPSILON)
    result["checksums"] = {name: [float(v.sum()), float((v**2).sum())] for name, v in parameters.items()}
    result["running"] = {name: [m.tolist(), v.tolist()] for name, (m, v) in running.items()}
    print(json.dumps(result))


main()
