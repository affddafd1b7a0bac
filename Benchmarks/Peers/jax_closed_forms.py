"""Closed forms in JAX: a dense Gaussian posterior and empirical modes, in single precision except for factorisations."""

import jax
import jax.numpy as jnp
import numpy
from jax.scipy.linalg import cho_solve


class Precise:
    """Work that needs double precision in places, which JAX has to be told."""

    def evaluate(self):
        with jax.enable_x64(True):
            return jax.block_until_ready(self.compiled(*self.inputs))

    def run(self):
        self.evaluate()


class GaussianPosterior(Precise):
    def __init__(self, settings, arrays):
        states = numpy.array(settings["states"])
        names = ("covariance", "white", "noise", "anomalies", "variances")
        self.inputs = [jnp.asarray(arrays["input." + name]) for name in names]

        @jax.jit
        def posterior(covariance, white, noise, anomalies, variances):
            observed = covariance[states]
            innovation = observed[:, states].astype(jnp.float64) + jnp.diag(variances.astype(jnp.float64))
            factor = jnp.linalg.cholesky(innovation)
            weights = cho_solve((factor, True), anomalies.astype(jnp.float64))
            draws = white @ jnp.linalg.cholesky(covariance).T
            misfit = anomalies - draws[:, states] - jnp.sqrt(variances) * noise
            corrections = cho_solve((factor, True), misfit.T.astype(jnp.float64))
            return {
                "mean": weights.astype(jnp.float32) @ observed,
                "samples": draws + corrections.astype(jnp.float32).T @ observed,
            }

        self.compiled = posterior

    def check(self):
        return self.evaluate()


class EmpiricalModes(Precise):
    def __init__(self, settings, arrays):
        count = settings["modes"]
        self.inputs = [jnp.asarray(arrays["input.anomalies"])]

        @jax.jit
        def modes(anomalies):
            scaled = anomalies * jnp.float32(len(anomalies) ** -0.5)
            precise = scaled.astype(jnp.float64)
            values, vectors = jnp.linalg.eigh(precise @ precise.T)
            values, vectors = values[-count:][::-1], vectors[:, -count:][:, ::-1]
            modes = vectors.T.astype(jnp.float32) @ scaled
            residual = jnp.square(scaled).sum(0) - jnp.square(modes).sum(0)
            return jnp.sqrt(values).astype(jnp.float32), residual, modes

        self.compiled = modes

    def check(self):
        deviations, residual, modes = self.evaluate()
        return {"deviations": deviations, "residual": residual, "squares": modes * modes}
