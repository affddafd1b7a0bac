"""Reference numbers for the posterior of a series, in plain NumPy: the dense space-time Gaussian over all steps.

Writes Tests/SextantPriorsTests/Fixtures/series.json, with the covariance at one time of two_scale.py. Nothing here is
shared with the Swift code: one joint covariance of all observations at all times, no filter and no recursion.
Run: python3 Tests/References/series.py
"""
import json
import pathlib

import numpy as np

here = pathlib.Path(__file__).parents[1] / "SextantPriorsTests" / "Fixtures"
base = json.loads((here / "two-scale.json").read_text())
d = len(base["land"])
x = np.array(base["positions"]).reshape(d, 3)
modes = np.array(base["modes"]).reshape(-1, d)
land, climate, deviation = (np.array(base[n]) for n in ("land", "climate", "deviation"))
theta = np.array(base["theta"])
# Of the first mode, its slope over the sizes of the modes, of the local part, of its slow share, and the share's log odds.
memory = np.array([np.log(3.0), 0.7, np.log(0.8), np.log(6.0), -0.9])
sizes = np.log(np.sqrt((modes**2).sum(1)))
sizes -= sizes.max()

# Uneven, with a step at the time of another, a step without observations and a long pause.
times = np.array([0.0, 0.5, 0.5, 1.7, 2.0, 2.4, 9.0])
rng = np.random.default_rng(11)
# The size of the local part at each step, the same at one time.
scales = np.array([1.3, 0.8, 0.8, 1.0, 0.6, 1.7, 1.2])
observed = [np.sort(rng.permutation(d)[: int(n)]) for n in (12, 9, 7, 0, 14, 11, 8)]
# Values and noise levels pass through single precision on their way into the program, so they are such numbers here.
values = [rng.standard_normal(len(o)).astype(np.float32).astype(float) for o in observed]
sigma = [rng.uniform(0.2, 0.6, len(o)).astype(np.float32).astype(float) for o in observed]
noise = [s**2 for s in sigma]


def local(theta):
    c = modes.T @ modes
    d2 = ((x[:, None] - x[None]) ** 2).sum(-1)
    t = np.sqrt(3 * d2) * np.exp(-theta[2])
    r = np.sqrt(
        d2 * np.exp(-2 * theta[3])
        + np.exp(2 * theta[4]) * (land[:, None] - land) ** 2
        + np.exp(2 * theta[5]) * (climate[:, None] - climate) ** 2
    )
    s = np.exp(theta[6] + theta[7] * land + theta[8] * deviation)
    return np.exp(2 * theta[1]) * c * (1 + t) * np.exp(-t) + np.outer(s, s) * np.exp(-r)


def size(time):
    return np.array([scales[list(times).index(own)] for own in time])


def joint(theta, memory, i, s, j, t, sized=True):
    gap = np.abs(s[:, None] - t[None])
    result = np.zeros(gap.shape)
    for mode, log_size in zip(modes, sizes):
        own = np.exp(memory[0] + memory[1] * log_size)
        result += np.exp(2 * theta[0]) * np.outer(mode[i], mode[j]) * np.exp(-gap / own)
    share = 1 / (1 + np.exp(-memory[4]))
    fading = (1 - share) * np.exp(-gap / np.exp(memory[2])) + share * np.exp(-gap / np.exp(memory[3]))
    return result + local(theta)[np.ix_(i, j)] * fading * (np.outer(size(s), size(t)) if sized else 1)


def conditioned(upto):
    """Mean and spread at every step, given the steps that `upto` says."""
    mean, spread = [], []
    for step, time in enumerate(times):
        used = upto(step)
        i = np.concatenate([observed[u] for u in used])
        s = np.concatenate([np.full(len(observed[u]), times[u]) for u in used])
        y, r = np.concatenate([values[u] for u in used]), np.concatenate([noise[u] for u in used])
        S = joint(theta, memory, i, s, i, s) + np.diag(r)
        everywhere = np.arange(d)
        k = joint(theta, memory, everywhere, np.full(d, time), i, s)
        own = joint(theta, memory, everywhere, np.full(d, time), everywhere, np.full(d, time))
        mean.append(k @ np.linalg.solve(S, y))
        spread.append(np.sqrt(np.diag(own - k @ np.linalg.solve(S, k.T))))
    return np.concatenate(mean).tolist(), np.concatenate(spread).tolist()


def objective(theta, memory, steps, sized=False):
    i = np.concatenate([observed[u] for u in steps])
    s = np.concatenate([np.full(len(observed[u]), times[u]) for u in steps])
    y, r = np.concatenate([values[u] for u in steps]), np.concatenate([noise[u] for u in steps])
    S = joint(theta, memory, i, s, i, s, sized) + np.diag(r)
    return 0.5 * y @ np.linalg.solve(S, y) + 0.5 * np.linalg.slogdet(S)[1]


every = list(range(len(times)))
smooth, smoothSpread = conditioned(lambda step: every)
causal, causalSpread = conditioned(lambda step: [u for u in every if u <= step])
step = 1e-5
gradient = []
for p in range(len(theta)):
    e = np.eye(len(theta))[p] * step
    gradient.append((objective(theta + e, memory, every) - objective(theta - e, memory, every)) / (2 * step))
for p in range(len(memory)):
    e = np.eye(len(memory))[p] * step
    gradient.append((objective(theta, memory + e, every) - objective(theta, memory - e, every)) / (2 * step))
total = sum(len(o) for o in observed)
out = {
    "times": times.tolist(), "scales": scales.tolist(), "memory": memory.tolist(), "observed": [o.tolist() for o in observed],
    "values": [v.tolist() for v in values], "noise": [s.tolist() for s in sigma],
    "mean": smooth, "spread": smoothSpread, "causalMean": causal, "causalSpread": causalSpread,
    "objective": objective(theta, memory, every), "gradient": gradient,
    "logEvidence": -objective(theta, memory, every, sized=True) - 0.5 * total * np.log(2 * np.pi),
}


(here / "series.json").write_text(json.dumps(out))
