"""Reference numbers for expectation and maximisation from measured values, in plain NumPy.

Writes Tests/SextantPriorsTests/Fixtures/measured-em.json. Nothing here is shared with the Swift code: every field has its own loop, and
posteriors are conditional Gaussians of whole vectors. Run: python3 Tests/References/measured_em.py
"""
import json
import pathlib

import numpy as np

rng = np.random.default_rng(11)
d, k, t, n = 10, 3, 2, 12
loadings = rng.standard_normal((d, k))
climate = 0.5 * rng.standard_normal((d, t))
psi = rng.uniform(0.1, 0.5, d)
ridge = rng.uniform(0.5, 2, t + k)
precision = rng.uniform(0.5, 2, t)
terms = np.column_stack([np.ones(n), np.cos(2 * np.pi * np.arange(n) / 12)])
fields = []
for i in range(n):
    states = np.sort(rng.permutation(d)[: rng.integers(3, d)])
    fields.append((states, rng.standard_normal(len(states)), rng.uniform(0.05, 0.6, len(states))))
# The same values as combinations of three neighbouring states.
blur = np.zeros((d, d))
for j in range(d):
    for offset, weight in [(-1, 0.3), (0, 0.5), (1, 0.2)]:
        blur[j, (j + offset) % d] += weight


def log_density(a, s):
    return -0.5 * (a @ np.linalg.solve(s, a) + np.linalg.slogdet(2 * np.pi * s)[1])


# Factor analysis: one E-step, then coefficients and residual variances of each state.
likelihood, moments, means = 0.0, [], []
for (states, y, noise), u in zip(fields, terms):
    w = loadings[states]
    s = w @ w.T + np.diag(psi[states] + noise)
    a = y - climate[states] @ u
    likelihood += log_density(a, s)
    gain = w.T @ np.linalg.inv(s)
    z, cov = gain @ a, np.eye(k) - gain @ w
    mean = np.concatenate([u, z])
    moment = np.outer(mean, mean)
    moment[t:, t:] += cov
    means.append(mean)
    moments.append(moment)
coefficients, residual = np.zeros((d, t + k)), np.zeros(d)
for j in range(d):
    seen = [(i, list(states).index(j)) for i, (states, _, _) in enumerate(fields) if j in states]
    gram, right = np.diag(ridge), np.zeros(t + k)
    for i, p in seen:
        weight = 1 / (psi[j] + fields[i][2][p])
        gram = gram + weight * moments[i]
        right = right + weight * fields[i][1][p] * means[i]
    beta = np.linalg.solve(gram, right)
    coefficients[j] = beta
    variance = psi[j]
    for _ in range(8):
        total = 2.0 * 0.05
        for i, p in seen:
            y, noise = fields[i][1][p], fields[i][2][p]
            error = y * y - 2 * y * beta @ means[i] + beta @ moments[i] @ beta
            share = variance / (variance + noise)
            total += share**2 * error + share * noise
        variance = total / (2 + len(seen))
    residual[j] = variance

# The whole covariance: E[x·xᵀ] field by field, the mean by a ridge regression of the completions, with and without the operator.
K = loadings @ loadings.T + np.diag(psi) + 0.2 * np.exp(-np.abs(np.subtract.outer(np.arange(d), np.arange(d))) / 2.0)


def completion(operator):
    total, posteriors, information, gradient = 0.0, [], np.zeros((d, d)), np.zeros((t, d))
    for (states, y, noise), u in zip(fields, terms):
        h = operator[states]
        s = h @ K @ h.T + np.diag(noise)
        a = y - h @ (climate @ u)
        total += log_density(a, s)
        gain = K @ h.T @ np.linalg.inv(s)
        posteriors.append((gain @ a, K - gain @ h @ K))
        information += h.T @ np.linalg.solve(s, h)
        gradient += np.outer(u, h.T @ np.linalg.solve(s, a))
    # One system for all coefficients of the climatology: a prior about 0 that is wider than the anomalies, and information the same for
    # all seasons.
    prior = np.kron(np.diag(precision), np.linalg.inv(K + np.eye(d)))
    system = prior + np.kron(terms.T @ terms / n, information)
    shift = np.linalg.solve(system, gradient.ravel() - prior @ climate.T.ravel()).reshape(t, d)
    # What the coefficients would vary from archive to archive: the posterior covariance without what the prior alone says.
    inverse = np.linalg.inv(system)
    sampling = (inverse @ (system - prior) @ inverse).reshape(t, d, t, d)
    uncertainty = sum(np.einsum("a,aibj,b->ij", u, sampling, u) for u in terms) / n
    covariance = np.zeros((d, d))
    for (mean, cov), u in zip(posteriors, terms):
        left = mean - u @ shift
        covariance += (cov + np.outer(left, left)) / n
    return {
        "likelihood": total, "covariance": covariance.ravel().tolist(), "climatology": (climate.T + shift).ravel().tolist(),
        "uncertainty": uncertainty.ravel().tolist(),
    }


out = {
    "factorCount": k, "loadings": loadings.ravel().tolist(), "climate": climate.ravel().tolist(), "residual": psi.tolist(),
    "ridge": ridge.tolist(), "precision": precision.tolist(), "terms": terms.ravel().tolist(),
    "states": [states.tolist() for states, _, _ in fields], "values": [y.tolist() for _, y, _ in fields],
    "noise": [noise.tolist() for _, _, noise in fields], "blur": blur.ravel().tolist(), "prior": K.ravel().tolist(),
    "factorLikelihood": likelihood, "coefficients": coefficients.ravel().tolist(), "newResidual": residual.tolist(),
    "selected": completion(np.eye(d)), "blurred": completion(blur),
}
path = pathlib.Path(__file__).parents[1] / "SextantPriorsTests" / "Fixtures" / "measured-em.json"
path.write_text(json.dumps(out))
