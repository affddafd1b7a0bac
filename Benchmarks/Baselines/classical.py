"""Classical denoisers of scikit-image beside the flows of docs/results.md: faces and microtubules with noise of a known size.

Total variation, wavelets and non-local means are told the noise where they take it. Their other parameters are those with the
largest mean PSNR on clean *training* images with the same noise, so that the figures are the best that such a choice can give.
Colours are denoised together. BM3D is missing: neither PyPI nor Debian has it under a permissive licence.
"""

import argparse
import glob
import gzip
import itertools
import json
import os
import time

import numpy as np
from skimage.metrics import structural_similarity
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet


def choices(noise):
    yield "total variation", denoise_tv_chambolle, {"weight": np.geomspace(0.03, 1, 12)}
    yield "wavelets", denoise_wavelet, {
        "sigma": noise * np.geomspace(0.3, 1.5, 8), "wavelet": ["db1", "sym4"], "rescale_sigma": [True]}
    yield "non-local means", denoise_nl_means, {
        "h": noise * np.geomspace(0.2, 1.2, 8), "patch_size": [3, 5], "patch_distance": [8], "sigma": [0, noise], "fast_mode": [True]}


def faces(folder):
    with gzip.open(os.path.join(folder, "celeba", "celeba32-images-idx4-ubyte.gz")) as file:
        content = file.read()
    images = np.frombuffer(content, np.uint8, offset=20).reshape(np.frombuffer(content, ">i4", 4, 4))
    if images.shape[1] == 3:  # colours before rows
        images = images.transpose(0, 2, 3, 1)
    images = images / 255
    return images[:6000:300], images[6000:], 0.1  # the training faces that choose; the test faces; the noise


def microtubules(folder):
    from tifffile import imread

    def crops(pattern):
        return np.stack([(imread(path).astype(float) - 142) / 2916.4 for path in sorted(glob.glob(os.path.join(folder, pattern)))])

    return crops("tubulin/crops64/train_*.tif")[::12], crops("tubulin/crops64/test_*.tif"), 0.2


def psnr(estimates, truth):
    """The PSNR of each image, with colours as the mean of their PSNRs; nothing is clipped."""
    errors = ((estimates - truth) ** 2).mean(axis=(1, 2))  # images (x colours)
    values = -10 * np.log10(errors)
    return values.reshape(len(values), -1).mean(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("SEXTANT_DATA", "../shared/data"))
    parser.add_argument("--images", choices=["faces", "microtubules"], default="faces")
    parser.add_argument("--test", type=int, default=0, help="the number of test images, evenly from all; 0 for all of them")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    training, test, noise = {"faces": faces, "microtubules": microtubules}[options.images](options.data)
    if options.test:
        test = test[[i * (len(test) - 1) // max(1, options.test - 1) for i in range(options.test)]]
    random = np.random.default_rng(options.seed)
    noisy_training = training + noise * random.standard_normal(training.shape)
    noisy = test + noise * random.standard_normal(test.shape)
    colours = {"channel_axis": -1} if test.ndim == 4 else {}

    figures = {"input": round(float(psnr(noisy, test).mean()), 2)}
    for name, denoise, grid in choices(noise):
        candidates = [dict(zip(grid, values)) for values in itertools.product(*grid.values())]

        def answers(images, parameters):
            return np.stack([denoise(image, **parameters, **colours) for image in images])

        best = max(candidates, key=lambda parameters: psnr(answers(noisy_training, parameters), training).mean())
        estimates = answers(noisy, best)
        values = psnr(estimates, test)
        similarity = [structural_similarity(a, b, data_range=1, **colours) for a, b in zip(estimates, test)]
        figures[name] = {
            "psnr": round(float(values.mean()), 2), "standard_error": round(float(values.std(ddof=1) / len(values) ** 0.5), 2),
            "ssim": round(float(np.mean(similarity)), 3),
            "parameters": {key: round(float(value), 4) if isinstance(value, float) else value for key, value in best.items()}}
    print(json.dumps({"images": options.images, "test": len(test), "seed": options.seed, **figures,
                      "processor_seconds": round(time.process_time())}))


if __name__ == "__main__":
    main()
