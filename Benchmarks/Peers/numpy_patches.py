"""Mixtures of Gaussians of image patches: expectation and maximisation by scikit-learn, denoising in NumPy and SciPy."""

import math

import numpy
from numpy.lib.stride_tricks import sliding_window_view
from scipy.linalg import cholesky, solve_triangular
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky, _estimate_gaussian_parameters

LEAST_SHARE = 1e-3
PRIOR_COUNT = 10


def mixture_of(arrays):
    """Weights, means and covariances."""
    return [arrays["input." + name].copy() for name in ("weights", "means", "covariances")]


def standardised(values, arrays):
    return (values - arrays["input.origins"][0]) / arrays["input.scales"][0]


class Mixture(GaussianMixture):
    """scikit-learn's steps, with what Sextant's maximisation does besides: components have no part of patches of which they have
    next to no share, and a round Gaussian of a component's own size counts as ten patches."""

    def _m_step(self, X, log_resp, xp=None):
        shares = numpy.exp(log_resp)
        shares[shares <= LEAST_SHARE] = 0
        counts, self.means_, covariances = _estimate_gaussian_parameters(X, shares, 0, "full")
        sizes = numpy.trace(covariances, axis1=1, axis2=2) / X.shape[1]
        covariances *= counts[:, None, None]
        diagonal = numpy.arange(X.shape[1])
        covariances[:, diagonal, diagonal] += PRIOR_COUNT * sizes[:, None]
        covariances /= counts[:, None, None] + PRIOR_COUNT
        covariances[:, diagonal, diagonal] += 1e-6
        self.covariances_ = covariances
        self.weights_ = counts / counts.sum()
        self.precisions_cholesky_ = _compute_precision_cholesky(covariances, "full")


class PatchMixtureTraining:
    def __init__(self, settings, arrays):
        self.rounds = settings["rounds"]
        self.arrays = arrays

    def check(self):
        patches = standardised(self.arrays["input.patches"], self.arrays)
        weights, means, covariances = mixture_of(self.arrays)
        mixture = Mixture(len(weights))
        mixture.weights_, mixture.means_, mixture.covariances_ = weights, means, covariances
        mixture.precisions_cholesky_ = _compute_precision_cholesky(covariances, "full")
        for _ in range(self.rounds):
            mixture._m_step(patches, mixture._e_step(patches)[1])
        return {"weights": mixture.weights_, "means": mixture.means_, "covariances": mixture.covariances_}

    def run(self):
        self.check()


class PatchMixtureDenoising:
    """The mean over the posteriors of all patches that contain a pixel, with weights of one over their variances."""

    def __init__(self, settings, arrays):
        self.variance = numpy.float32((settings["deviation"] / arrays["input.scales"][0]) ** 2)
        self.arrays = arrays

    def check(self):
        arrays = self.arrays
        weights, means, covariances = mixture_of(arrays)
        side = math.isqrt(means.shape[1])
        image = standardised(arrays["input.image"], arrays)
        windows = sliding_window_view(image, (side, side))
        patches = windows.reshape(-1, side * side)
        count, size = len(weights), side * side
        factors = [cholesky(c + self.variance * numpy.eye(size, dtype=c.dtype), lower=True) for c in covariances]
        logs = numpy.empty((len(patches), count), numpy.float32)
        for k, factor in enumerate(factors):
            white = solve_triangular(factor, (patches - means[k]).T, lower=True, check_finite=False)
            logs[:, k] = numpy.log(weights[k]) - numpy.log(factor.diagonal()).sum() - numpy.square(white).sum(0) / 2
        shares = numpy.exp(logs - logs.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        shares[shares < LEAST_SHARE] = 0
        shares /= shares.sum(1, keepdims=True)
        mean = numpy.zeros_like(patches)
        parts = []
        for k, factor in enumerate(factors):
            rows = numpy.flatnonzero(shares[:, k])
            half = solve_triangular(factor, covariances[k], lower=True, check_finite=False)
            white = solve_triangular(factor, (patches[rows] - means[k]).T, lower=True, check_finite=False)
            own = means[k] + white.T @ half
            mean[rows] += shares[rows, k, None] * own
            parts.append((rows, own, numpy.maximum(covariances[k].diagonal() - numpy.square(half).sum(0), 0)))
        variance = numpy.zeros_like(patches)
        for k, (rows, own, within) in enumerate(parts):
            variance[rows] += shares[rows, k, None] * (within + numpy.square(own - mean[rows]))
        return self.aggregated(mean, numpy.maximum(variance, 1e-12), image.shape, windows.shape[:2], side)

    def aggregated(self, mean, variance, shape, places, side):
        """The mean and the spread of each pixel from those of the patches."""
        rows, columns = places
        weight = 1 / variance.astype(float)
        sums, weights, squares, counts = (numpy.zeros(shape) for _ in range(4))
        for place in range(side * side):
            i, j = divmod(place, side)
            window = numpy.s_[i : i + rows, j : j + columns]
            w, m = (a[:, place].reshape(rows, columns) for a in (weight, mean))
            sums[window] += w * m
            squares[window] += w * m * m.astype(float)
            weights[window] += w
            counts[window] += 1
        centre = sums / weights
        disagreement = squares / weights - centre * centre
        spread = numpy.sqrt(numpy.maximum(counts / weights - disagreement, 0.1 * counts / weights))
        origin, scale = self.arrays["input.origins"][0], self.arrays["input.scales"][0]
        return {"mean": (origin + scale * centre).ravel(), "spread": (scale * spread).ravel()}

    def run(self):
        self.check()
