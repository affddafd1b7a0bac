"""Reference numbers for the two-scale covariance, its likelihood and the posterior, in plain NumPy.

Writes Tests/SextantPriorsTests/Fixtures/two-scale.json. Nothing here is shared with the Swift code: dense matrices,
textbook formulas. Run: python3 Tests/References/two_scale.py
"""
import json
import pathlib

import numpy as np

rng = np.random.default_rng(7)
d, k, m = 30, 4, 12
x = rng.standard_normal((d, 3))
x /= np.linalg.norm(x, axis=1, keepdims=True)
modes = rng.standard_normal((k, d))
land, climate = rng.uniform(size=d), rng.standard_normal(d)
deviation = rng.standard_normal(d)
observed = np.sort(rng.permutation(d)[:m])
y, noise = rng.standard_normal(m), rng.uniform(0.2, 0.8, m)

# log a, log b, log L, log l, log c1, log c2, beta0, beta1, beta2; hyper-prior means and deviations
theta = np.array([0.2, -0.8, -0.4, -1.1, 0.3, -0.5, -0.7, 0.4, -0.2])
means = np.array([0.4, -1.2, -0.5, -1.0, -0.69, -0.69, -2.1, 0.0, 0.0])
spreads = np.array([0.5, 0.5, 0.4, 0.8, 0.5, 0.5, 0.6, 0.5, 0.6])
coupling = 2.25  # of beta0 on log a; beta0 also counts from the log of the root-mean-square noise


def covariance(theta):
    c = modes.T @ modes
    d2 = ((x[:, None] - x[None]) ** 2).sum(-1)
    t = np.sqrt(3 * d2) * np.exp(-theta[2])
    localised = np.exp(2 * theta[1]) * c * (1 + t) * np.exp(-t)
    r = np.sqrt(
        d2 * np.exp(-2 * theta[3])
        + np.exp(2 * theta[4]) * (land[:, None] - land) ** 2
        + np.exp(2 * theta[5]) * (climate[:, None] - climate) ** 2
    )
    s = np.exp(theta[6] + theta[7] * land + theta[8] * deviation)
    return np.exp(2 * theta[0]) * c + localised + np.outer(s, s) * np.exp(-r)


K = covariance(theta)
S = K[np.ix_(observed, observed)] + np.diag(noise)
root_mean_square = np.sqrt(noise.mean())
centre = means.copy()
centre[6] += np.log(root_mean_square) + coupling * theta[0]
objective = 0.5 * y @ np.linalg.solve(S, y) + 0.5 * np.linalg.slogdet(S)[1] + 0.5 * (((theta - centre) / spreads) ** 2).sum()
gain = K[:, observed] @ np.linalg.inv(S)
out = {
    "positions": x.ravel().tolist(), "modes": modes.ravel().tolist(), "land": land.tolist(),
    "climate": climate.tolist(), "deviation": deviation.tolist(), "observed": observed.tolist(),
    "anomalies": y.tolist(), "noiseVariance": noise.tolist(), "theta": theta.tolist(), "means": means.tolist(),
    "spreads": spreads.tolist(), "coupling": coupling,
    "covariance": K.ravel().tolist(), "objective": objective,
    "posteriorMean": (gain @ y).tolist(),
    "posteriorSpread": np.sqrt(np.diag(K - gain @ K[observed])).tolist(),
}
path = pathlib.Path(__file__).parents[1] / "SextantPriorsTests" / "Fixtures" / "two-scale.json"
path.write_text(json.dumps({key: np.round(v, 12).tolist() if isinstance(v, list) else v for key, v in out.items()}))
