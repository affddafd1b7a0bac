"""What every diffusion solver answers on linear-Gaussian problems, in plain NumPy and double precision.

With a Gaussian prior N(0, S) the exact noise prediction is affine in the noisy field, so that one step of almost every rule
is x' = M x + b + noise(Q): mean and covariance of the answers follow by propagation, without a single random number. Where
a rule is not affine (norms as they are, Adam), many runs are simulated instead. Rules are written from the papers with dense
matrices; nothing is shared with the Swift code.

Writes Tests/SextantSolversTests/Fixtures/diffusion-solvers.json and prints the table of docs/diffusion-solvers.md.
Run: python3 Tests/References/diffusion_solvers.py
"""
import json
import pathlib

import numpy as np

# The 42 vertices of the icosphere after one subdivision, by their coordinates (the order is that of this file).
golden = (1 + 5**0.5) / 2
corners = []
for one, phi in [(1, golden), (-1, golden), (1, -golden), (-1, -golden)]:
    corners += [(0, one, phi), (one, phi, 0), (phi, 0, one)]
corners = np.array(corners) / np.linalg.norm(corners[0])
lengths = np.linalg.norm(corners[:, None] - corners[None], axis=-1)
edges = np.argwhere(np.triu((lengths > 0) & (lengths < 1.01 * np.sort(lengths[0])[1])))
middles = corners[edges[:, 0]] + corners[edges[:, 1]]
X = np.vstack([corners, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
D = len(X)
chord = np.linalg.norm(X[:, None] - X[None], axis=-1)

# A smooth field and a little of its own at each vertex, of variance 1.
S = np.round(0.9 * np.exp(-0.5 * (chord / 0.8) ** 2) + 0.1 * np.eye(D), 6)
I = np.eye(D)
rng = np.random.default_rng(1)
truth = np.linalg.cholesky(S) @ rng.standard_normal(D)


def problem(H, sigma):
    y = np.round(H @ truth + sigma * rng.standard_normal(len(H)), 6)
    gain = S @ H.T @ np.linalg.inv(H @ S @ H.T + np.diag(sigma**2))
    U, s, Vt = np.linalg.svd(H / sigma[:, None], full_matrices=False)
    return dict(
        H=H, y=y, sigma=sigma, mean=gain @ y, cov=S - gain @ H @ S, V=Vt.T, z=(U.T @ (y / sigma)) / s, dev=1 / s,
        unit=len(H) / np.sum((H / sigma[:, None]) ** 2))


masked = np.sort(rng.permutation(D)[:25])
noises = np.full(25, 0.1)
mask = problem(I[masked], noises)
# Means over a vertex and its two nearest neighbours, half and a quarter each, with noise of two sizes.
centres = np.sort(rng.permutation(D)[:12])
neighbours = np.argsort(chord, axis=1, kind="stable")[:, 1:3]
averaging = np.zeros((12, D))
for row, centre in enumerate(centres):
    averaging[row, centre] = 0.5
    averaging[row, neighbours[centre]] = 0.25
averages = problem(averaging, np.where(np.arange(12) % 2 == 0, 0.1, 0.2))
everywhere = problem(I, np.full(D, 0.3))
problems = {"mask": mask, "averages": averages, "everywhere": everywhere}

b0, b1, t0 = 0.1, 20.0, 1e-3
alpha = lambda t: np.exp(-0.5 * t * (b0 + 0.5 * t * (b1 - b0)))
noise = lambda t: np.sqrt(1 - alpha(t) ** 2)
times = lambda n: 1 - (1 - t0) * np.arange(n + 1) / n


def even_times(n):
    """Times whose log signal-to-noise ratios are even."""
    log_ratio = lambda t: np.log(noise(t) ** 2 / alpha(t) ** 2)
    integral = np.log1p(np.exp(np.linspace(log_ratio(1), log_ratio(t0), n + 1)))
    return 2 * integral / (b0 + np.sqrt(b0**2 + 2 * (b1 - b0) * integral))


class Step:
    """α and s at both ends, the exact ε̂ = E x, x̂₀ = J x."""

    def __init__(self, t, u, S):
        self.a, self.s, self.an, self.sn = alpha(t), noise(t), alpha(u), noise(u)
        precision = np.linalg.inv(self.a**2 * S + self.s**2 * I)
        self.E, self.J = self.s * precision, self.a * S @ precision
        self.v = 1 - (self.a / self.an) ** 2
        self.ancestral = (I - self.v / self.s * self.E) * self.an / self.a


def propagate(rule, n, S, final=None, times=times):
    """Mean and covariance of the answers of a rule that gives (M, b, Q) for each step."""
    m, C = np.zeros(D), I.copy()
    t = times(n)
    for i in range(n):
        M, b, Q = rule(Step(t[i], t[i + 1], S))
        m, C = M @ m + b, M @ C @ M.T + Q
    last = Step(t[n], t[n], S)
    M, b = final(last) if final else (last.J, 0)
    return M @ m + b, M @ C @ M.T


def dps(p, kappa):
    G = p["H"].T @ np.diag(1 / p["sigma"] ** 2)

    def rule(k):
        pull = kappa * p["unit"] * k.J.T @ G
        return k.ancestral - pull @ p["H"] @ k.J, pull @ p["y"], k.v * I

    return rule


def seventh_roots(n):
    """Times whose s/α are even in their seventh roots."""
    ratio = lambda t: (noise(t) / alpha(t)) ** (1 / 7)
    integral = np.log1p(np.linspace(ratio(1), ratio(t0), n + 1) ** 14)
    return 2 * integral / (b0 + np.sqrt(b0**2 + 2 * (b1 - b0) * integral))


def ambient(p, kappa, seen):
    """Heun's steps along the flow, with x̂₀ = J x from the states that are seen alone and the pull of DPS."""
    G = p["H"].T @ np.diag(1 / p["sigma"] ** 2)

    def prediction(a, s):
        J = np.zeros((D, D))
        J[:, seen] = a * S[:, seen] @ np.linalg.inv(a**2 * S[np.ix_(seen, seen)] + s**2 * np.eye(len(seen)))
        return J, (I - a * J) / s

    def rule(k):
        (J, here), (_, there) = prediction(k.a, k.s), prediction(k.an, k.sn)
        change = k.sn / k.an - k.s / k.a
        trial = k.an * (I / k.a + change * here)
        pull = kappa * p["unit"] * J.T @ G
        return k.an * (I / k.a + change / 2 * (here + there @ trial)) - pull @ p["H"] @ J, pull @ p["y"], np.zeros((D, D))

    return rule, lambda k: (prediction(k.a, k.s)[0], 0)


def mcg(p, kappa):
    inner = dps(p, kappa)
    rest = I - p["V"] @ p["V"].T

    def rule(k):
        M, b, Q = inner(k)
        return rest @ M, rest @ b + k.an * p["V"] @ p["z"], rest @ Q @ rest + k.sn**2 * (I - rest)

    return rule


def pseudoinverse(p, weight, eta=1.0):
    H, R = p["H"], np.diag(p["sigma"] ** 2)
    solve = lambda k: k.s**2 * H.T @ np.linalg.inv(k.s**2 * H @ H.T + R)

    def rule(k):
        added = eta * k.sn / k.s * np.sqrt(k.v)
        kept = np.sqrt(k.sn**2 - added**2)
        G = k.J.T @ solve(k) * (k.a if weight == "published" else k.an / k.a - kept / k.s)
        return k.an * k.J + kept * k.E - G @ H @ k.J, G @ p["y"], added**2 * I

    def final(k):
        G = k.J.T @ solve(k) * (k.a if weight == "published" else 1 / k.a)
        return k.J - G @ H @ k.J, G @ p["y"]

    return rule, final


def null_space(p, eta):
    V, rest = p["V"], I - p["V"] @ p["V"].T

    def rule(k):
        reach = k.sn >= k.an * p["dev"]
        move = np.where(reach, 1.0, k.sn * np.sqrt(1 - eta**2) / (k.an * p["dev"]))
        own = np.where(reach, k.sn**2 - (k.an * p["dev"]) ** 2, (eta * k.sn) ** 2)
        kept = np.sqrt(1 - eta**2) * k.sn
        M = k.an * (k.J - V @ np.diag(move) @ V.T @ k.J) + kept * rest @ k.E
        return M, k.an * V @ (move * p["z"]), (eta * k.sn) ** 2 * rest + V @ np.diag(own) @ V.T

    return rule


def descent(p, n, rate, weight, beta):
    """RED-diff where Adam's division does nothing: momentum with the bias taken off, affine in (field, momentum)."""
    G = p["unit"] * p["H"].T @ np.diag(1 / p["sigma"] ** 2)
    m, C = np.zeros(2 * D), np.zeros((2 * D, 2 * D))
    for i, t in enumerate(times(n)[:-1], 1):
        k = Step(t, t, S)
        slope = G @ p["H"] + weight * k.a * k.E  # of the gradient in the field
        fresh = weight * (k.s * k.E - I)
        step = rate / (1 - beta**i)
        M = np.block([[I - step * (1 - beta) * slope, -step * beta * I], [(1 - beta) * slope, beta * I]])
        b = np.concatenate([step * (1 - beta) * G @ p["y"], -(1 - beta) * G @ p["y"]])
        F = np.vstack([-step * (1 - beta) * fresh, (1 - beta) * fresh])
        m, C = M @ m + b, M @ C @ M.T + F @ F.T
    return m[:D], C[:D, :D]


def simulate_walk(p, kappa, n, replaces, runs, seed):
    """DPS and MCG with the norm as it is."""
    r = np.random.default_rng(seed)
    x = r.standard_normal((runs, D))
    t = times(n)
    W = p["H"] / p["sigma"][:, None]
    for i in range(n):
        k = Step(t[i], t[i + 1], S)
        misfit = p["y"] / p["sigma"] - x @ k.J.T @ W.T
        factor = kappa * p["unit"] * np.sqrt(len(W)) / np.linalg.norm(misfit, axis=1, keepdims=True)
        x = x @ k.ancestral.T + np.sqrt(k.v) * r.standard_normal((runs, D)) + (factor * misfit) @ W @ k.J
        if replaces:
            c = k.an * p["z"] + k.sn * r.standard_normal((runs, len(p["z"])))
            x += (c - x @ p["V"]) @ p["V"].T
    x = x @ Step(t[n], t[n], S).J.T
    return x.mean(0), np.cov(x.T)


def simulate_adam(p, n, rate, weight, runs, seed, beta1=0.9, beta2=0.99, epsilon=1e-8):
    r = np.random.default_rng(seed)
    G = p["unit"] * p["H"].T @ np.diag(1 / p["sigma"] ** 2)
    x, m, v = (np.zeros((runs, D)) for _ in range(3))
    for i, t in enumerate(times(n)[:-1], 1):
        k = Step(t, t, S)
        e = r.standard_normal((runs, D))
        g = (x @ p["H"].T - p["y"]) @ G.T + weight * ((k.a * x + k.s * e) @ k.E.T - e)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        x = x - rate * m / (1 - beta1**i) / (np.sqrt(v / (1 - beta2**i)) + epsilon)
    return x.mean(0), np.cov(x.T)


runs = 100_000
cases = {}


def add(name, problem, answer, **settings):
    cases[name] = dict(problem=problem, settings=settings, mean=answer[0], cov=answer[1])


add("exact", "mask", (mask["mean"], mask["cov"]))
add("dps", "mask", propagate(dps(mask, 0.2), 100, S), steps=100, stepSize=0.2)
add("dps-averages", "averages", propagate(dps(averages, 0.2), 100, S), steps=100, stepSize=0.2)
rule, final = ambient(mask, 0.2, np.arange(D))
add("ambient-dps", "mask", propagate(rule, 100, S, final, seventh_roots), steps=100, stepSize=0.2)
# Every third vertex is hidden from the prior, whatever is measured.
rule, final = ambient(mask, 0.2, np.flatnonzero(np.arange(D) % 3 != 2))
add("ambient-dps-hidden", "mask", propagate(rule, 100, S, final, seventh_roots), steps=100, stepSize=0.2)
add("mcg", "mask", propagate(mcg(mask, 0.1), 100, S), steps=100, stepSize=0.1)
add("mcg-averages", "averages", propagate(mcg(averages, 0.1), 100, S), steps=100, stepSize=0.1)
for weight in ["score", "published"]:
    for label, p in [("", "mask"), ("-averages", "averages")]:
        rule, final = pseudoinverse(problems[p], weight)
        add(f"pigdm-{weight}{label}", p, propagate(rule, 100, S, final, even_times), steps=100, eta=1)
rule, final = pseudoinverse(mask, "score", 0.5)
add("pigdm-uniform", "mask", propagate(rule, 100, S, final), steps=100, eta=0.5)
add("ddnm", "mask", propagate(null_space(mask, 0.85), 100, S), steps=100, eta=0.85)
add("ddnm-averages", "averages", propagate(null_space(averages, 0.85), 100, S), steps=100, eta=0.85)
add("red-diff-affine", "mask", descent(mask, 200, 0.05, 0.25, 0.9), steps=200, stepSize=0.05, weight=0.25)
add("red-diff-affine-averages", "averages", descent(averages, 200, 0.05, 0.25, 0.9), steps=200, stepSize=0.05, weight=0.25)
add("dps-norm", "mask", simulate_walk(mask, 0.8, 100, False, runs, 5), steps=100, stepSize=0.8, runs=runs)
add("mcg-norm", "mask", simulate_walk(mask, 0.5, 100, True, runs, 6), steps=100, stepSize=0.5, runs=runs)
add("red-diff", "mask", simulate_adam(mask, 100, 0.1, 0.25, runs, 7), steps=100, stepSize=0.1, weight=0.25, runs=runs)
add("noise2score", "everywhere", (everywhere["mean"], everywhere["cov"]))


def summary(case):
    """Against the exact posterior: error of the mean in its standard deviations (root mean square), and the ratio of the
    standard deviations where the variable is measured and where it is not (all of it for averages)."""
    p = problems[case["problem"]]
    spread = np.sqrt(np.diag(p["cov"]))
    error = np.sqrt(np.mean(((case["mean"] - p["mean"]) / spread) ** 2))
    seen = np.isin(np.arange(D), masked) if case["problem"] == "mask" else np.full(D, True)
    ratio = lambda part: np.sqrt(np.mean(np.diag(case["cov"])[part]) / np.mean(spread[part] ** 2)) if part.any() else None
    return error, ratio(seen), ratio(~seen)


print("| case | error of the mean | spread, measured | spread, missing |\n|---|---|---|---|")
for name, case in cases.items():
    e, a, b = summary(case)
    case["meanError"], case["spreadRatios"] = e, [a] + ([] if b is None else [b])
    print(f"| {name} | {e:.3f} | {a:.3f} | {'' if b is None else f'{b:.3f}'} |")

# ΠGDM is exact for a white prior as steps become many: what is left with so many steps.
print("\nwhite prior, ΠGDM by the score: steps, error of the mean, ratio of spreads where measured and where not")
white, exact = mask["V"] @ (mask["z"] / (1 + mask["dev"] ** 2)), 0.01 / 1.01
white_ratios = {}
for n in [50, 100, 200, 400, 800]:
    rule, final = pseudoinverse(mask, "score")
    m, C = propagate(rule, n, I, final, even_times)
    missing = np.setdiff1d(np.arange(D), masked)
    white_ratios[n] = [np.sqrt(np.mean(np.diag(C)[masked]) / exact), np.sqrt(np.mean(np.diag(C)[missing]))]
    print(n, np.sqrt(np.mean((m - white)[masked] ** 2) / exact), *white_ratios[n])

triangle = lambda C: np.round(C[np.tril_indices(D)], 6).tolist()
out = {
    "whiteRatios": {str(n): [round(float(r), 6) for r in both] for n, both in white_ratios.items()},
    "positions": np.round(X, 12).ravel().tolist(),
    "covariance": triangle(S),
    "problems": {
        name: {
            "rows": [
                {"states": np.flatnonzero(row).tolist(), "weights": row[row != 0].tolist()} for row in p["H"]],
            "values": p["y"].tolist(), "noise": p["sigma"].tolist(),
            "mean": np.round(p["mean"], 6).tolist(), "covariance": triangle(p["cov"])}
        for name, p in problems.items()},
    "cases": {
        name: {
            "problem": c["problem"], "settings": c["settings"], "mean": np.round(c["mean"], 6).tolist(),
            "covariance": triangle(c["cov"]), "meanError": round(float(c["meanError"]), 6),
            "spreadRatios": [round(float(r), 6) for r in c["spreadRatios"]]}
        for name, c in cases.items() if name not in ("exact", "noise2score")}}
path = pathlib.Path(__file__).parents[1] / "SextantSolversTests" / "Fixtures" / "diffusion-solvers.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(out, separators=(",", ":")))
