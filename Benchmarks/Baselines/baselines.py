"""What all baselines share: the noisy digits, the choice of the best parameters, the scores and the line that is printed.

The digits are those of docs/results.md, "Images: learned from noisy images alone": MNIST at 28x28, Gaussian noise of 0.3 of
the full scale, one fixed draw for each training digit, and clean test digits with fresh noise for the scores. The programs
work on a scale of 0 to 1 and the scores are stated on 0 to 255. A training program sees `noisy` and `held_out` alone; the
held-out digits are as noisy as the others, and choose the best parameters by the method's own loss.
"""

import argparse
import copy
import gzip
import json
import os
import resource
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

PEAK = 255.0
NOISE = 0.3  # of the full scale: 76.5 of 255
HELD_OUT_SHARE = 0.05


def arguments(description, steps, rate, batch=16, samples=None):
    """The settings that every program takes; `samples` only where the method draws them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", default=os.environ.get("SEXTANT_DATA", "../shared"), help="the folder that holds mnist/")
    parser.add_argument("--train", type=int, default=3000, help="the number of noisy training digits")
    parser.add_argument("--test", type=int, default=100, help="the number of test digits")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate, help="the learning rate after a short warm-up; it ends at 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    if samples:
        parser.add_argument("--samples", type=int, default=samples, help="samples of each posterior")
    return parser


@dataclass
class Digits:
    noisy: torch.Tensor  # images x 1 x 28 x 28, as are the others
    held_out: torch.Tensor
    test: torch.Tensor
    truth: torch.Tensor


def prepare(options):
    """Sets threads and seeds, and reads the digits."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    clean = evenly(options.train, read_images(options.data, "train-images-idx3-ubyte.gz"))
    truth = evenly(options.test, read_images(options.data, "t10k-images-idx3-ubyte.gz"))
    noisy = add_noise(clean, random)
    order = torch.from_numpy(random.permutation(len(noisy)))
    count = max(1, round(HELD_OUT_SHARE * len(noisy)))
    return Digits(noisy[order[count:]], noisy[order[:count]], add_noise(truth, random), truth)


def read_images(folder, name):
    with gzip.open(os.path.join(folder, "mnist", name)) as file:
        content = file.read()
    count, rows, columns = np.frombuffer(content, ">i4", 3, 4)
    images = np.frombuffer(content, np.uint8, offset=16).reshape(count, 1, rows, columns)
    return torch.from_numpy(images.astype(np.float32) / PEAK)


def evenly(count, images):
    """The images that `evenly:COUNT` names in a configuration (Split.swift)."""
    if count >= len(images):
        return images
    return images[[i * (len(images) - 1) // (count - 1) if count > 1 else 0 for i in range(count)]]


def add_noise(images, random):
    return images + NOISE * torch.from_numpy(random.standard_normal(images.shape, np.float32))


def train(digits, options, modules, loss, held_out_loss, checks=15):
    """Steps of Adam on `loss(batch, step)`; leaves the parameters for which `held_out_loss()` was lowest.

    Returns what the report says about the training.
    """
    modules = torch.nn.ModuleList(modules)
    optimiser = torch.optim.Adam(modules.parameters(), lr=options.rate, fused=True)
    warm_up = max(1, options.steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / warm_up) * 0.5 * (1 + np.cos(np.pi * step / options.steps)))
    generator = torch.Generator().manual_seed(options.seed)
    best, best_step, best_state = np.inf, 0, copy.deepcopy(modules.state_dict())
    for step in range(1, options.steps + 1):
        chosen = torch.randint(len(digits.noisy), (options.batch,), generator=generator)
        value = loss(digits.noisy[chosen], step)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(modules.parameters(), 1)
        optimiser.step()
        schedule.step()
        if step % max(1, options.steps // checks) == 0 or step == options.steps:
            with torch.no_grad():
                modules.eval()
                held_out = float(held_out_loss())
                modules.train()
            print(f"step {step}: loss {value.item():.5f}, held out {held_out:.5f}, {time.process_time():.0f} s", file=sys.stderr)
            if held_out < best:
                best, best_step, best_state = held_out, step, copy.deepcopy(modules.state_dict())
    modules.load_state_dict(best_state)
    modules.eval()
    return {"steps": options.steps, "best_step": best_step, "held_out_loss": round(best, 5),
            "parameters": sum(p.numel() for p in modules.parameters()), "training_seconds": round(time.process_time())}


def in_parts(function, images, size=100):
    """`function` of many images, a few at a time."""
    with torch.no_grad():
        return torch.cat([function(part) for part in images.split(size)])


def psnr(estimate, truth):
    """The mean over images of the PSNR of each, and its standard error; nothing is clipped."""
    errors = ((estimate - truth).double() ** 2).flatten(1).mean(1)
    values = -10 * torch.log10(errors)
    return {"psnr": round(float(values.mean()), 2), "standard_error": round(float(values.std() / len(values) ** 0.5), 2)}


def sample_scores(samples, truth):
    """Scores of N samples (N x images x 1 x 28 x 28), as Sextant defines them (EnsembleStatistics.swift)."""
    count = len(samples)
    ordered = samples.double().sort(0).values
    truth = truth.double()
    mean = ordered.mean(0)
    weights = (2 * torch.arange(count) - (count - 1)).double().view(-1, 1, 1, 1, 1)
    crps = (ordered - truth).abs().mean(0) - (weights * ordered).sum(0) / (count * (count - 1))

    def quantile(probability):
        place = min(max(probability * (count + 1) - 1, 0), count - 1)
        index = min(int(place), count - 2)
        return torch.lerp(ordered[index], ordered[index + 1], place - index)

    spread = ((count + 1) / count * ordered.var(0).flatten(1).mean(1)).sqrt()
    skill = ((mean - truth) ** 2).flatten(1).mean(1).sqrt()
    scores = {"N": count, "mean": psnr(mean, truth), "one_sample": psnr(samples[0], truth),
              "crps": round(float(crps.mean()) * PEAK, 2), "spread_skill": round(float((spread / skill).mean()), 2)}
    if count >= 19:  # fewer samples do not reach the 5th percentile
        covered = (quantile(0.05) <= truth) & (truth <= quantile(0.95))
        scores["coverage90"] = round(float(covered.double().mean()), 3)
    return scores


def report(name, options, digits, figures):
    """Prints the figures as one line of JSON."""
    print(json.dumps({
        "method": name, "train": options.train, "test": options.test, "seed": options.seed, "threads": options.threads,
        "input": psnr(digits.test, digits.truth), **figures, "processor_seconds": round(time.process_time()),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
