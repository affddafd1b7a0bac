"""Noise2Self: a U-Net that learns to denoise with blind spots.

J. Batson and L. Royer, "Noise2Self: Blind Denoising by Self-Supervision", ICML 2019. Pixels on a grid of width 4 are replaced
by a weighted mean of their eight neighbours, as in the authors' program, and the network is trained to tell the noisy values
that it did not see. The grid has sixteen positions, which take turns from step to step.

Three answers are scored: the J-invariant one (each pixel told from an input in which it is replaced: sixteen evaluations),
the plain one (the whole noisy image goes in, one evaluation), and the paper's combination of the J-invariant one with the
noisy pixel, weighted by the noise variance and the error that follows from the held-out loss. No samples are drawn.

Simplified: one small U-Net, fewer steps than the authors', and the parameters with the lowest blind-spot loss on noisy digits
that were left out.
"""

import torch
from torch.nn import functional as F

from baselines import NOISE, arguments, in_parts, prepare, psnr, report, train
from unet import UNet

WIDTH = 4
NEIGHBOURS = torch.tensor([[0.5, 1, 0.5], [1, 0, 1], [0.5, 1, 0.5]]) / 6


def grid(position, image):
    """1 at the blind spots, else 0."""
    mask = torch.zeros_like(image[:1])
    mask[..., position // WIDTH % WIDTH :: WIDTH, position % WIDTH :: WIDTH] = 1
    return mask


def blinded(images, mask):
    return (1 - mask) * images + mask * F.conv2d(images, NEIGHBOURS[None, None], padding=1)


def invariant(network, images):
    """The J-invariant answer."""
    masks = [grid(position, images) for position in range(WIDTH**2)]
    return sum(mask * network(blinded(images, mask)) for mask in masks)


def main():
    options = arguments("Noise2Self", steps=1500, rate=2e-3).parse_args()
    digits = prepare(options)
    network = UNet()

    def loss(batch, step):
        mask = grid(step, batch)
        return WIDTH**2 * (mask * (network(blinded(batch, mask)) - batch) ** 2).mean()

    def held_out_loss():
        return sum(loss(digits.held_out, step) for step in range(0, WIDTH**2, WIDTH + 1)) / WIDTH

    training = train(digits, options, [network], loss, held_out_loss)
    answer = in_parts(lambda images: invariant(network, images), digits.test)
    error = max(0, training["held_out_loss"] - NOISE**2)
    weight = error / (error + NOISE**2)
    report("Noise2Self, U-Net", options, digits, training | {
        "invariant": psnr(answer, digits.truth), "plain": psnr(in_parts(network, digits.test), digits.truth),
        "combined": psnr((1 - weight) * answer + weight * digits.test, digits.truth)})


if __name__ == "__main__":
    main()
