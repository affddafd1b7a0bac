"""Reference values of all scores, from definitions written out directly in NumPy.

Nothing here follows the Swift code: CRPS is the double sum over pairs, coverage uses numpy.quantile's "weibull" method
(plotting positions i/(N+1)), SSIM is a direct sum over each window. Where scikit-image and properscoring are installed,
they are checked against as well. Writes SextantEvaluationTests/Fixtures/scores.json.

    python3 Tests/References/scores.py
"""

import json
import math
import pathlib

import numpy as np

ROWS, COLUMNS, CHANNELS, SAMPLES = 13, 16, 2, 39
PEAKS, ORIGINS, UNITS, NAMES = [80.0, 50.0], [220.0, 0.0], ["K", "dm"], ["warmth", "height"]
V = ROWS * COLUMNS
EDGES = [-90, -60, -30, 0, 30, 60, 90]


def short(array, decimals=2):
    """Rounds to a few decimals, as 32-bit numbers, so that the fixture is small and reads back exactly."""
    return np.round(array, decimals).astype(np.float32).astype(np.float64)


def make_inputs():
    random = np.random.default_rng(20240501)
    latitude = np.repeat(np.linspace(90, -90, ROWS), COLUMNS)
    longitude = np.tile(np.arange(COLUMNS) * 360 / COLUMNS, ROWS)
    edges = np.clip(np.concatenate([latitude[::COLUMNS] + 7.5, [-97.5]]), -90, 90)
    area = np.repeat(np.sin(np.radians(edges[:-1])) - np.sin(np.radians(edges[1:])), COLUMNS) * 2 * math.pi / COLUMNS
    smooth = np.stack([260 + 30 * np.cos(np.radians(2 * latitude)), 20 + 10 * np.sin(np.radians(longitude))], axis=1)
    truth = smooth + random.normal(size=(V, CHANNELS)) * [3, 3]
    centre = truth + random.normal(size=(V, CHANNELS)) * [1.5, 2] + [0.3, -0.5]
    spread = np.abs(random.normal(size=(V, CHANNELS))) * [0.5, 0.5] + [0.8, 1]
    samples = centre + random.normal(size=(SAMPLES, V, CHANNELS)) * spread
    valid = np.ones((V, CHANNELS), bool)
    valid[3, 0] = valid[V - 2, 0] = False
    valid[COLUMNS : 2 * COLUMNS, 0] = False
    observed = random.random((V, CHANNELS)) < 0.4
    observed[:, 1] = observed[:, 0]
    # A truth half-way between the samples' decimals is never tied with one: ties would need random numbers.
    truth = short(np.round(truth, 2) + 0.005, 3)
    return latitude, area, truth, short(centre), short(spread), short(samples), valid, observed


def fair_crps(samples, truth):
    n = len(samples)
    first = np.abs(samples - truth).mean(axis=0)
    pairs = sum(np.abs(samples - samples[i]).sum(axis=0) for i in range(n))
    return first - pairs / (2 * n * (n - 1))


def gaussian_crps(mean, spread, truth):
    """The integral of (F(x) − 1{x ≥ y})² by the closed form for a normal distribution, in terms of erf."""
    z = (truth - mean) / spread
    cdf = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])
    pdf = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return spread * (z * (2 * cdf - 1) + 2 * pdf - 1 / math.sqrt(math.pi))


def ssim_map(x, y, valid, peak, wraps):
    """Each window by itself, from weighted means and variances; NaN without a whole, valid window."""
    x, y, valid = (a.reshape(ROWS, COLUMNS) for a in (x, y, valid))
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(line, line) / np.outer(line, line).sum()
    result = np.full((ROWS, COLUMNS), np.nan)
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    for i in range(5, ROWS - 5):
        for j in range(COLUMNS) if wraps else range(5, COLUMNS - 5):
            columns = np.arange(j - 5, j + 6) % COLUMNS
            a, b = x[i - 5 : i + 6][:, columns], y[i - 5 : i + 6][:, columns]
            if not valid[i - 5 : i + 6][:, columns].all():
                continue
            ma, mb = (weights * a).sum(), (weights * b).sum()
            va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
            vab = (weights * (a - ma) * (b - mb)).sum()
            result[i, j] = (2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return result.ravel()


def check_with_packages(truth, centre, samples, spread):
    try:
        from skimage.metrics import structural_similarity
        x, y = truth[:, 1].reshape(ROWS, COLUMNS), centre[:, 1].reshape(ROWS, COLUMNS)
        theirs = structural_similarity(x, y, data_range=PEAKS[1], gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False)
        ours = np.nanmean(ssim_map(x, y, np.ones(V, bool), PEAKS[1], False))
        assert abs(theirs - ours) < 1e-12, (theirs, ours)
        print("agrees with scikit-image")
    except ImportError:
        print("scikit-image is not installed: not compared")
    try:
        import properscoring
        n = len(samples)
        plain = properscoring.crps_ensemble(truth[:, 0], samples[:, :, 0].T)
        pairs = np.abs(samples[:, None, :, 0] - samples[None, :, :, 0]).sum(axis=(0, 1))
        fair = plain + pairs / (2 * n * n) - pairs / (2 * n * (n - 1))
        assert np.allclose(fair, fair_crps(samples[:, :, 0], truth[:, 0]))
        closed = properscoring.crps_gaussian(truth[:, 0], centre[:, 0], spread[:, 0])
        assert np.allclose(closed, gaussian_crps(centre[:, 0], spread[:, 0], truth[:, 0]))
        print("agrees with properscoring")
    except ImportError:
        print("properscoring is not installed: not compared")


def scores_of_channel(c, latitude, area, truth, centre, spread, samples, valid, observed):
    t, m, s, x = truth[:, c], centre[:, c], spread[:, c], samples[:, :, c]
    ok, seen, n, peak = valid[:, c], observed[:, c], len(samples), PEAKS[c]
    regions = {"all": ok, "observed": ok & seen, "missing": ok & ~seen}
    values = {}
    crps, closed = fair_crps(x, t), gaussian_crps(m, s, t)
    for region, inside in regions.items():
        for weighting, weights in [("plain", np.ones(V)), ("area", area)]:
            w = np.where(inside, weights, 0)
            w = w / w.sum()

            def put(score, estimate, value):
                values[f"{score}.{region}.{weighting}.{estimate}"] = float(value)

            for estimate, field in [("mean", m), ("sample", x[0])]:
                error = field - t
                put("mse", estimate, (w * error**2).sum())
                put("rmse", estimate, np.sqrt((w * error**2).sum()))
                put("mae", estimate, (w * np.abs(error)).sum())
                put("bias", estimate, (w * error).sum())
                put("psnr", estimate, 10 * np.log10(peak**2 / (w * error**2).sum()))
                for name, wraps in [("ssim", True), ("ssim-without-wrap", False)]:
                    similarity = ssim_map(t - ORIGINS[c], field - ORIGINS[c], ok, peak, wraps)
                    whole = inside & ~np.isnan(similarity)
                    if whole.any():
                        put(name, estimate, np.average(similarity[whole], weights=weights[whole]))
            put("crps", "ensemble", (w * crps).sum())
            put("crps", "gaussian", (w * closed).sum())
            for level, quantile in [(50, 0.6744897501960817), (80, 1.2815515655446004), (90, 1.6448536269514722),
                                    (95, 1.959963984540054)]:
                low, high = np.quantile(x, [(1 - level / 100) / 2, (1 + level / 100) / 2], axis=0, method="weibull")
                put(f"coverage{level}", "ensemble", (w * ((low <= t) & (t <= high))).sum())
                put(f"coverage{level}", "gaussian", (w * (np.abs(m - t) <= quantile * s)).sum())
            spread_score = np.sqrt((n + 1) / n * (w * x.var(axis=0, ddof=1)).sum())
            skill = np.sqrt((w * (x.mean(axis=0) - t) ** 2).sum())
            put("spread", "ensemble", spread_score)
            put("skill", "ensemble", skill)
            put("spread-skill", "ensemble", spread_score / skill)
    assert not (x == t)[:, ok].any()
    ranks = (x < t).sum(axis=0)
    # A truth of rank r lies anywhere between r and r + 1 of n + 1 equal parts.
    low, high = np.maximum(ranks / (n + 1), 0.05), np.minimum((ranks + 1) / (n + 1), 0.95)
    central = np.maximum(0, high - low) * (n + 1)
    for region, inside in regions.items():
        values[f"rank-coverage90.{region}.plain.ensemble"] = float(central[inside].mean())
    histograms = {r: np.bincount(ranks[inside], minlength=n + 1).tolist() for r, inside in regions.items()}
    bands = []
    for south, north in zip(EDGES, EDGES[1:]):
        inside = ok & (latitude >= south) & ((latitude < north) | (north == 90))
        w = np.where(inside, area, 0) / area[inside].sum()
        bands.append({"from": south, "to": north, "count": int(inside.sum()),
                      "meanSquareError": float((w * (m - t) ** 2).sum()), "bias": float((w * (m - t)).sum()),
                      "crps": float((w * crps).sum())})
    return {"values": values, "rankHistograms": histograms, "latitudeBands": bands}


def numbers(array, decimals=2):
    return [float(f"{value:.{decimals}f}") for value in array.ravel()]


def main():
    latitude, area, truth, centre, spread, samples, valid, observed = make_inputs()
    check_with_packages(truth, centre, samples, spread)
    fixture = {
        "rows": ROWS, "columns": COLUMNS, "channels": CHANNELS, "sampleCount": SAMPLES, "peaks": PEAKS,
        "origins": ORIGINS, "units": UNITS, "names": NAMES, "latitudes": latitude.tolist(), "areas": area.tolist(),
        "truth": numbers(truth, 3), "mean": numbers(centre), "spread": numbers(spread), "samples": numbers(samples),
        "isValid": valid.ravel().tolist(), "isObserved": observed.ravel().tolist(),
        "scores": [scores_of_channel(c, latitude, area, truth, centre, spread, samples, valid, observed)
                   for c in range(CHANNELS)],
    }
    path = pathlib.Path(__file__).parent.parent / "SextantEvaluationTests" / "Fixtures" / "scores.json"
    path.write_text(json.dumps(fixture, separators=(",", ":"), allow_nan=False) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
