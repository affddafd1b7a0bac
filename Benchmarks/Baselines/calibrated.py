"""Classical denoisers with parameters that are chosen from noisy digits alone, by scikit-image.

J. Batson and L. Royer, "Noise2Self: Blind Denoising by Self-Supervision", ICML 2019, section 3; `calibrate_denoiser` and
`denoise_invariant` of scikit-image are the authors' own. The self-supervised losses of all parameters are added over noisy
training digits, and the best parameters are used for all test digits: total variation, wavelets and non-local means.
Two answers of each are scored, the plain one and the J-invariant one. `--steps` is the number of digits of the calibration.
"""

import numpy as np
import torch
from skimage.restoration import (
    calibrate_denoiser, denoise_invariant, denoise_nl_means, denoise_tv_chambolle, denoise_wavelet)

from baselines import NOISE, arguments, prepare, psnr, report

DENOISERS = {
    "total variation": (denoise_tv_chambolle, {"weight": np.geomspace(0.03, 1, 12)}),
    "wavelets": (denoise_wavelet, {"sigma": np.geomspace(0.05, 0.8, 10), "wavelet": ["db1", "sym4"], "rescale_sigma": [True]}),
    "non-local means": (denoise_nl_means, {
        "h": np.geomspace(0.03, 0.6, 10), "patch_size": [3, 5], "patch_distance": [8], "sigma": [0, NOISE]}),
}


def answers(function, images):
    return torch.from_numpy(np.stack([np.float32(function(image[0])) for image in images.numpy()])[:, None])


def main():
    options = arguments("Classical denoisers, calibrated", steps=100, rate=0).parse_args()
    digits = prepare(options)
    figures = {}
    for name, (denoise, choices) in DENOISERS.items():
        total = 0
        for image in digits.noisy[: options.steps, 0].numpy():
            _, (tested, losses) = calibrate_denoiser(image, denoise, choices, approximate_loss=True, extra_output=True)
            total += np.array(losses)
        best = tested[int(np.argmin(total))]
        figures[name] = {
            "parameters": {key: round(value, 3) if isinstance(value, float) else value for key, value in best.items()},
            "invariant": psnr(answers(lambda image: denoise_invariant(image, denoise, denoiser_kwargs=best), digits.test), digits.truth),
            "plain": psnr(answers(lambda image: denoise(image, **best), digits.test), digits.truth)}
    report("classical, calibrated", options, digits, figures)


if __name__ == "__main__":
    main()
