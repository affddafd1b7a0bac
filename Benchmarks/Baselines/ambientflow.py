"""AmbientFlow: a flow as prior and a flow as posterior, learned together from noisy digits alone.

V. A. Kelkar, R. Deshpande, A. Banerjee and M. A. Anastasio, "AmbientFlow: Invertible generative models from incomplete, noisy
measurements", TMLR 2024. An unconditional flow p(x) and a flow q(x | y) that sees the noisy digit y maximise the importance-
weighted bound of the likelihood of y,

    log mean_k  p(x_k) p(y | x_k) / q(x_k | y),   x_k drawn from q(x | y).

The answers are samples of q. The flows have the layout of the authors' program, narrower: couplings of convolutions at 14x14
and 7x7 pixels, then dense ones over all values, with fixed random permutations between them.

Simplified or changed: both flows begin as Gaussians of independent pixels with the mean and variance that the noisy digits
show, and as its exact posterior, where the authors train each flow alone first. The last layer of q shifts and scales each
pixel as a small U-Net says that sees y. There is no term for sparsity, which the authors need where values are missing.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from baselines import NOISE, arguments, in_parts, prepare, report, sample_scores, train
from unet import UNet

CLAMP = 1.5  # of the logarithm of a coupling's scales


class Coupling(nn.Module):
    """Two affine couplings, of each half of the channels on the other, and a fixed permutation of the channels."""

    def __init__(self, channels, condition, hidden, layer):
        super().__init__()
        self.half = channels // 2
        self.networks = nn.ModuleList(
            nn.Sequential(layer(self.half + condition, hidden), nn.ReLU(), layer(hidden, 2 * self.half)) for _ in range(2))
        for network in self.networks:
            nn.init.zeros_(network[-1].weight)
            nn.init.zeros_(network[-1].bias)
        self.register_buffer("order", torch.randperm(channels))
        self.register_buffer("inverse_order", self.order.argsort())

    def terms(self, i, half, condition):
        scale, shift = self.networks[i](half if condition is None else torch.cat([half, condition], 1)).chunk(2, 1)
        scale = CLAMP * torch.tanh(scale / CLAMP)
        return scale, shift

    def forward(self, x, condition):
        a, b = x[:, : self.half], x[:, self.half :]
        scale, shift = self.terms(0, a, condition)
        b = b * scale.exp() + shift
        second_scale, shift = self.terms(1, b, condition)
        a = a * second_scale.exp() + shift
        return torch.cat([a, b], 1)[:, self.order], (scale + second_scale).flatten(1).sum(1)

    def inverse(self, z, condition):
        """The logarithm of the determinant is that of the forward direction."""
        z = z[:, self.inverse_order]
        a, b = z[:, : self.half], z[:, self.half :]
        second_scale, shift = self.terms(1, b, condition)
        a = (a - shift) * (-second_scale).exp()
        scale, shift = self.terms(0, a, condition)
        b = (b - shift) * (-scale).exp()
        return torch.cat([a, b], 1), (scale + second_scale).flatten(1).sum(1)


class Squeeze(nn.Module):
    """The four pixels of a square become channels."""

    def forward(self, x, condition):
        return F.pixel_unshuffle(x, 2), 0

    def inverse(self, z, condition):
        return F.pixel_shuffle(z, 2), 0


class Flatten(nn.Module):
    """All 784 values become one vector."""

    def forward(self, x, condition):
        return x.flatten(1), 0

    def inverse(self, z, condition):
        return z.view(-1, 16, 7, 7), 0


def convolution(window):
    return lambda inputs, outputs: nn.Conv2d(inputs, outputs, window, padding=window // 2)


class Flow(nn.Module):
    """Couplings at three stages; `conditions` are the channels of what each stage is shown, zeros for the prior."""

    def __init__(self, conditions=(0, 0, 0), high=2, low=4, dense=8, hidden=32, dense_hidden=256):
        super().__init__()
        layers = [(0, Squeeze())]
        layers += [(0, Coupling(4, conditions[0], hidden, convolution(3))) for _ in range(high)]
        layers += [(1, Squeeze())]
        layers += [(1, Coupling(16, conditions[1], hidden, convolution(3 if k % 2 else 1))) for k in range(low)]
        layers += [(2, Flatten())]
        layers += [(2, Coupling(784, conditions[2], dense_hidden, nn.Linear)) for _ in range(dense)]
        self.stages = [stage for stage, _ in layers]
        self.layers = nn.ModuleList(layer for _, layer in layers)

    def forward(self, x, conditions=(None, None, None)):
        """z and the logarithm of the determinant of dz/dx."""
        total = 0
        for stage, layer in zip(self.stages, self.layers):
            x, part = layer(x, conditions[stage])
            total = total + part
        return x, total

    def inverse(self, z, conditions=(None, None, None)):
        """x, and the logarithm of the determinant of dz/dx."""
        total = 0
        for stage, layer in zip(reversed(self.stages), reversed(self.layers)):
            z, part = layer.inverse(z, conditions[stage])
            total = total + part
        return z, total


def normal_density(z):
    """The logarithm of the standard normal density of each row."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).flatten(1).sum(1)


class Prior(nn.Module):
    def __init__(self, mean, variance):
        super().__init__()
        self.flow = Flow()
        self.mean, self.log_scale = nn.Parameter(mean.clone()), nn.Parameter(0.5 * variance.log())

    def density(self, x):
        z, determinant = self.flow((x - self.mean) * (-self.log_scale).exp())
        return normal_density(z) + determinant - self.log_scale.sum()


class Posterior(nn.Module):
    def __init__(self, mean, variance):
        super().__init__()
        self.flow = Flow(conditions=(24, 32, 64))
        self.first = nn.Sequential(nn.Conv2d(4, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 24, 3, padding=1))
        self.second = nn.Sequential(nn.ReLU(), nn.Conv2d(24, 32, 3, padding=1, stride=2), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1))
        self.third = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(32 * 49, 64))
        self.last = UNet(outputs=2, widths=(16, 32, 48))
        share = variance / (variance + NOISE**2)
        for name, value in {"mean": mean, "share": share, "log_scale": 0.5 * (share * NOISE**2).log()}.items():
            self.register_buffer(name, value.clone())

    def sample(self, y, count):
        """`count` samples for each y, those of one y together, and the logarithms of their densities."""
        first = self.first(F.pixel_unshuffle(y, 2))
        second = self.second(first)
        shift, log_scale = self.last(y).chunk(2, 1)
        shift = self.mean + self.share * (y - self.mean) + NOISE * shift
        log_scale = self.log_scale + log_scale
        conditions = [part.repeat_interleave(count, 0) for part in (first, second, self.third(second))]
        z = torch.randn(len(y) * count, 784)
        x, determinant = self.flow.inverse(z, conditions)
        shift, log_scale = shift.repeat_interleave(count, 0), log_scale.repeat_interleave(count, 0)
        return shift + log_scale.exp() * x, normal_density(z) + determinant - log_scale.flatten(1).sum(1)


def bound(prior, posterior, y, count):
    """The importance-weighted bound of log p(y) with `count` samples, for each value of y."""
    x, density = posterior.sample(y, count)
    residual = (y.repeat_interleave(count, 0) - x) / NOISE
    weight = normal_density(residual) - 784 * math.log(NOISE) + prior.density(x) - density
    return ((weight.view(len(y), count).logsumexp(1) - math.log(count)) / 784).mean()


def main():
    parser = arguments("AmbientFlow", steps=500, rate=1e-3, samples=128)
    parser.add_argument("--weighted", type=int, default=2, help="samples of the importance-weighted bound")
    options = parser.parse_args()
    digits = prepare(options)
    mean = digits.noisy.mean(0)
    variance = (digits.noisy.var(0) - NOISE**2).clamp(min=1e-3)
    prior, posterior = Prior(mean, variance), Posterior(mean, variance)

    training = train(
        digits, options, [prior, posterior], lambda batch, step: -bound(prior, posterior, batch, options.weighted),
        lambda: -bound(prior, posterior, digits.held_out, options.weighted))
    samples = in_parts(lambda images: posterior.sample(images, options.samples)[0].unflatten(0, (len(images), -1)), digits.test, 10)
    report("AmbientFlow", options, digits, training | {
        "weighted": options.weighted, **sample_scores(samples.transpose(0, 1), digits.truth)})


if __name__ == "__main__":
    main()
