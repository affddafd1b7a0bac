"""SURE-Score: a score network that is learned from noisy digits alone.

A. Aali, M. Arvinte, S. Kumar and J. I. Tamir, "Solving Inverse Problems with Score-Based Generative Priors learned from
Noisy Data", Asilomar 2023. One network is trained by the sum of two losses: Stein's unbiased risk estimate of the denoiser
at the noise level of the data, which follows from the score by Tweedie's formula, and denoising score matching on the
denoised digits with further noise.

Two answers are scored: the denoiser itself (one evaluation), and samples of the posterior. Since a digit is measured whole,
the posterior is what the reverse diffusion gives that starts at the noisy digit itself and at its noise level.

Simplified: noise levels above that of the data are not learned, because that sampler does not need them (the authors learn
all and sample by annealed Langevin dynamics with the likelihood); the network is a small U-Net, preconditioned as by Karras
et al. (2022), whose weight is given to both losses. The authors' program was not at hand; whether its second loss moves the
denoised digits too is a choice (`--through`), and here it does not by default.
"""

import torch

from baselines import NOISE, arguments, in_parts, prepare, psnr, report, sample_scores, train
from unet import UNet

LOWEST = 0.01
PROBE = 0.003  # the step of the finite difference of the divergence


class Denoiser(torch.nn.Module):
    """The digit that is expected at a noise level; (denoised - x) / level^2 is the score."""

    def __init__(self, noisy):
        super().__init__()
        self.network = UNet(levels=True)
        self.mean = float(noisy.mean())
        self.variance = float(noisy.var()) - NOISE**2

    def forward(self, x, level):
        total = level**2 + self.variance
        answer = self.network((x - self.mean) / total.sqrt(), level.log())
        return self.mean + self.variance / total * (x - self.mean) + level * (self.variance / total).sqrt() * answer

    def weight(self, level):
        return (level**2 + self.variance) / (level**2 * self.variance)


def constant_level(images, level=NOISE):
    return torch.full((len(images), 1, 1, 1), level)


def risk(denoiser, images, direction):
    """Stein's unbiased estimate of the mean squared error, and the denoised images."""
    level = constant_level(images)
    answer = denoiser(images, level)
    divergence = (direction * (denoiser(images + PROBE * direction, level) - answer)).mean() / PROBE
    return ((answer - images) ** 2).mean() - NOISE**2 + 2 * NOISE**2 * divergence, answer


def score_matching(denoiser, images):
    level = NOISE * (LOWEST / NOISE) ** torch.rand(len(images), 1, 1, 1)
    answer = denoiser(images + level * torch.randn_like(images), level)
    return (denoiser.weight(level) * (answer - images) ** 2).mean()


def sample(denoiser, images, steps):
    """One sample of each posterior: the reverse diffusion in steps that are exact for a denoised digit that is certain."""
    levels = torch.cat([NOISE * (LOWEST / NOISE) ** torch.linspace(0, 1, steps), torch.zeros(1)]).tolist()
    for level, next_level in zip(levels, levels[1:]):
        answer = denoiser(images, constant_level(images, level))
        kept = (next_level / level) ** 2
        images = answer + kept * (images - answer) + next_level * (1 - kept) ** 0.5 * torch.randn_like(images)
    return images


def main():
    parser = arguments("SURE-Score", steps=800, rate=2e-3, samples=20)
    parser.add_argument("--levels", type=int, default=16, help="noise levels of the reverse diffusion")
    parser.add_argument("--through", action="store_true", help="let score matching move the denoised digits")
    options = parser.parse_args()
    digits = prepare(options)
    denoiser = Denoiser(digits.noisy)
    held_out_direction = torch.randn(digits.held_out.shape).sign()

    def loss(batch, step):
        estimate, answer = risk(denoiser, batch, torch.randn_like(batch).sign())
        weight = denoiser.weight(torch.tensor(NOISE))
        return weight * estimate + score_matching(denoiser, answer if options.through else answer.detach())

    def held_out_loss():
        return risk(denoiser, digits.held_out, held_out_direction)[0]

    training = train(digits, options, [denoiser], loss, held_out_loss)
    answer = in_parts(lambda images: denoiser(images, constant_level(images)), digits.test)
    samples = torch.stack([in_parts(lambda images: sample(denoiser, images, options.levels), digits.test)
                           for _ in range(options.samples)])
    report("SURE-Score", options, digits, training | {
        "denoiser": psnr(answer, digits.truth), "levels": options.levels, **sample_scores(samples, digits.truth)})


if __name__ == "__main__":
    main()
